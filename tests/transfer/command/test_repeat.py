"""`--from RECORD`: the same bytes from the record alone, wherever its inputs are now; what differs is named before."""

import json
import os
import shutil

import numpy as np
import pytest

from image_files import png_of
from transfer import machine
from transfer.__main__ import main
from transfer_command import prepare, refused


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare(tmp_path)


@pytest.fixture
def record(tmp_path):
    return tmp_path / "out" / "result.json"


def again(tmp_path, *more: str) -> list[str]:
    return ["--from", str(tmp_path / "out" / "result.json"), "-o", str(tmp_path / "again" / "new.png"), *more]


def disc_mask(tmp_path) -> str:
    y, x = np.mgrid[:48, :64]
    disc = 255 * ((x - 32) ** 2 + (y - 24) ** 2 < 200)
    (tmp_path / "mask.png").write_bytes(png_of(np.repeat(disc[..., None], 3, axis=2).astype(np.uint8)))
    return str(tmp_path / "mask.png")


def choices(tmp_path) -> dict[str, list[str]]:
    """Options that touch every part of a record."""
    style, mask = str(tmp_path / "style.png"), disc_mask(tmp_path)
    noise, report = ["--init", "noise", "--seed", "11"], ["--report-as", "gatys2016", "--max-memory", "3"]
    return {
        "styles": ["--style", str(tmp_path / "content.png"), "--style-blend", "3:1", "--style-scale", "0.9", *noise],
        "regions": ["--content-mask", mask, "--region", "black=keep", "--region", f"white={style}", "--init", style],
        "masks": ["--region", f"{mask}=0.2", "--region", f"{tmp_path / 'content.png'}={style}"],
        "deep": ["--depth", "16", "--full-size", "--colors", "luminance", "--crop", "square"],
        "statistic": ["--style-statistic", "wasserstein"],
        "adam": ["--recipe", "coursera", "--size", "32", "--iterations", "4"],
        "sizes": ["--size", "64", "--scales", "32", "--optimizer", "l-bfgs-unit", *report],
    }


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize("name", ["styles", "regions", "masks", "deep", "statistic", "adam", "sizes"])
def test_the_same_bytes(tmp_path, words, capfd, name):
    assert main([*words, *choices(tmp_path)[name]]) == 0
    capfd.readouterr()
    assert main(again(tmp_path, "--exact")) == 0
    out = capfd.readouterr().out
    assert f"nothing differs from the run of {tmp_path}" in out
    assert "its pixels are the same as those of result.png" in out
    assert (tmp_path / "again" / "new.png").read_bytes() == (tmp_path / "out" / "result.png").read_bytes()


def test_a_record_says_no_more_than_older_ones_unless_it_matters(tmp_path, words, record):
    """Or an older one would differ, and `--exact` refuse it."""
    for more, expected in (([], False), (["--style-statistic", "moments", "--overwrite"], True)):
        assert main([*words, *more]) == 0
        assert ("style_statistic" in json.loads(record.read_text(encoding="utf-8"))["recipe"]) is expected


def test_the_drawn_pair_again(tmp_path, words):
    assert main(["sample", "sample", *words[2:], "--quiet", "--iterations", "1"]) == 0
    assert main(again(tmp_path, "--exact", "--quiet")) == 0


def test_inputs_are_found_beside_the_record_under_other_names(tmp_path, words, record, capfd):
    assert main(words) == 0
    for old, new in (("content.png", "a.png"), ("style.png", "style.png"), ("tiny.mat", "tiny.mat")):
        shutil.move(tmp_path / old, record.parent / new)
    shutil.move(record.parent, tmp_path / "elsewhere")
    capfd.readouterr()
    assert main(["--from", str(tmp_path / "elsewhere" / "result.json"), "-o", str(tmp_path / "b.png"), "--exact"]) == 0
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "elsewhere" / "result.png").read_bytes()


def test_an_input_that_is_gone(tmp_path, words, capfd):
    assert main(words) == 0
    (tmp_path / "style.png").unlink()
    line = refused(again(tmp_path), capfd, tmp_path)
    assert f"{tmp_path / 'style.png'}, an input of the recorded run, is neither at" in line


def test_a_changed_input_is_named_and_exact_refuses_it(tmp_path, words, capfd):
    assert main(words) == 0
    (tmp_path / "style.png").write_bytes((tmp_path / "content.png").read_bytes())
    line = refused(again(tmp_path, "--exact"), capfd, tmp_path)
    assert "not the run of" in line and "style.height was 26 and is now 24" in line and "and 1 more" in line
    assert main(again(tmp_path)) == 0
    out = capfd.readouterr().out
    assert out.count("differs: style.") == 2 and "its pixels are others than those of result.png" in out


def test_another_machine_is_named(tmp_path, words, capfd, monkeypatch):
    assert main(words) == 0
    monkeypatch.setattr("transfer.cli.record.threads", lambda variable: 77)
    monkeypatch.setattr("transfer.cli.record.version", lambda name: "99.0")
    monkeypatch.setattr("transfer.cli.record.processor", lambda: "abacus")
    capfd.readouterr()
    assert main(again(tmp_path)) == 0
    out = capfd.readouterr().out
    assert "and is now 77" in out and "and is now 99.0" in out and "and is now abacus" in out
    assert "versions.tensorflow was" in refused(again(tmp_path, "--exact"), capfd, tmp_path)


def test_threads_are_counted_as_the_libraries_do(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert machine.threads("OPENBLAS_NUM_THREADS") == 3
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert machine.threads("OPENBLAS_NUM_THREADS") >= 1


def test_an_interrupted_run_goes_to_its_end(tmp_path, words, record, capfd):
    assert main(words) == 0
    written = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(written | {"stopped": "interrupted", "steps": written["steps"][:2]}))
    assert main(again(tmp_path)) == 0
    assert "differs: the recorded run was stopped after 2 steps, and this one goes to its end" in capfd.readouterr().out
    assert "was stopped after 2 steps" in refused(again(tmp_path, "--exact"), capfd, tmp_path)


def test_choices_beside_it_are_refused(tmp_path, words, capfd):
    assert main(words) == 0
    for more in (["--size", "48"], ["--seed", "1"], ["--strength", "0.2"], ["photo.jpg"]):
        name = "a picture" if len(more) == 1 else more[0]
        assert f"{name} is given beside --from" in refused(again(tmp_path, *more), capfd, tmp_path)


def test_the_record_is_not_overwritten(tmp_path, words, record, capfd):
    assert main(words) == 0
    line = refused(["--from", str(record), "-o", str(record.with_suffix(".png"))], capfd, tmp_path)
    assert "is also an input" in line


def paths_of(value: object, path: tuple = ()) -> list[tuple]:
    """Every place in a JSON value, but for the steps and what is in lists of numbers."""
    inside = value.items() if isinstance(value, dict) else ()
    below = [found for key, item in inside if key != "steps" for found in paths_of(item, (*path, key))]
    return [path, *below] if path else below


def test_hostile_records_get_one_line(tmp_path, words, record, capfd):
    """Each entry in turn is left out or something else; the run is made, or refused in one line."""
    assert main([*words, "--quiet", "--iterations", "1"]) == 0
    good = record.read_text(encoding="utf-8")
    rng = np.random.default_rng(0)
    places = [path for path in paths_of(json.loads(good)) if path[0] not in ("command", "losses", "versions", "sizes")]
    hostile = [None, [], {}, "x" * 50, -1, 1e400, True, [[1]], {"a": 1}]
    for number, path in enumerate(places):
        broken = json.loads(good)
        inner = broken
        for key in path[:-1]:
            inner = inner[key]
        if number % 3 == 0:
            del inner[path[-1]]
        else:
            inner[path[-1]] = hostile[rng.integers(len(hostile))]
        record.write_text(json.dumps(broken), encoding="utf-8")
        capfd.readouterr()
        code = main(again(tmp_path, "--exact", "--quiet"))
        err = capfd.readouterr().err
        assert (code, err.count("\n")) in ((0, 0), (2, 1)), (path, inner, err)


def test_absurd_values_and_endless_files_are_refused_before_the_run(tmp_path, words, record, capfd):
    assert main([*words, "--quiet"]) == 0
    good = json.loads(record.read_text(encoding="utf-8"))
    content = str(tmp_path / "content.png")
    os.mkfifo(tmp_path / "pipe")
    for path, value, expected in (
        (("recipe", "margin"), -1, "margin is -1, expected a number from 0"),
        (("recipe", "pixel_range"), -1, "pixel_range is -1, expected a number from 0.001"),
        (("recipe", "noise_share"), -1, "noise_share is -1, expected a number from 0 to 1"),
        (("recipe", "iterations"), 0, "--iterations is 0, expected a number from 1"),
        (("recipe", "content_loss", "channels"), 1e300, "content_loss.channels is 1e+300, expected"),
        (("recipe", "tv_loss", "factor"), -1, "tv_loss.factor is -1, expected a number from 0"),
        (("recipe", "adam", "beta1"), 1, "adam.beta1 is 1, expected a number from 0 to"),
        (("recipe", "style_layers"), [["relu9_9", 1.0]], "there is no layer 'relu9_9'"),
        (("recipe", "init_shares"), [["style", 7.0]], "expected shares of content and style that add up to 1"),
        (("recipe", "init"), "blend", "expected shares of content and style that add up to 1"),
        (("recipe", "init"), "picture", "is not the record of a picture"),
        (("recipe", "style_weight"), 10**400, "is not the record of a picture"),
        (("files", "blend"), [0.0], "--style-blend is '0', expected a number for each"),
        (("files", "style_masks"), ["a.png"], "--content-mask, which says where the regions are, and"),
        (("memory_bytes",), 10**400, "is not the record of a picture"),
        (("inputs", content, "path"), "/dev/zero", "an input of the recorded run, is neither at /dev/zero nor beside"),
        (("inputs", content, "path"), str(tmp_path / "pipe"), "an input of the recorded run, is neither at"),
        (("files", "content"), "/dev/zero", "/dev/zero"),
    ):
        broken = json.loads(json.dumps(good))
        inner = broken
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        record.write_text(json.dumps(broken), encoding="utf-8")
        if path[0] == "inputs":
            (tmp_path / "content.png").rename(tmp_path / "hidden")
        assert expected in refused(again(tmp_path), capfd, tmp_path), path
        if path[0] == "inputs":
            (tmp_path / "hidden").rename(tmp_path / "content.png")
    for endless in ("/dev/zero", str(tmp_path / "pipe")):
        assert "it is a pipe or a device" in refused(
            ["--from", endless, "-o", str(tmp_path / "b.png")], capfd, tmp_path
        )

    broken = good | {"recipe": good["recipe"] | {"name": "mine"}}
    record.write_text(json.dumps(broken), encoding="utf-8")
    assert main([*again(tmp_path), "--quiet"]) == 0, "a recipe may have any name"


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"recipe": 1}', "[" * 100_000, '{"recipe": {"name": "a"}}'])
def test_other_files_get_one_line(tmp_path, words, capfd, text):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    line = refused(["--from", str(tmp_path / "a.json"), "-o", str(tmp_path / "b.png")], capfd, tmp_path)
    assert "a.json is not the record of a picture; name the .json beside a picture" in line
