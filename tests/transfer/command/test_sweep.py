"""Several values of an option: each picture is that of a run with one value; the sheet, its record, and `--pick`."""

import json
import shutil

import numpy as np
import pytest

from transfer import session
from transfer.__main__ import main
from transfer.cli import many, run
from transfer_command import prepare, refused
from vgg.tools.image import read_image

STRENGTHS = ("0.2", "0.5", "0.8")


@pytest.fixture
def words(tmp_path) -> list[str]:
    """The words of the shortest run, without --overwrite."""
    short = [word for word in prepare(tmp_path) if word != "--overwrite"]
    return [*short, "--iterations", "2", "--scales", ""]


def test_each_picture_is_that_of_a_run_with_its_value_alone(tmp_path, words, capfd, monkeypatch):
    built, load, make = [], run.load_weights, session.WholeEvaluation
    monkeypatch.setattr(run, "load_weights", lambda *more: built.append("weights") or load(*more))
    monkeypatch.setattr(session, "WholeEvaluation", lambda *more: built.append("losses") or make(*more))
    assert main([*words, "--strength", ",".join(STRENGTHS)]) == 0
    assert built == ["weights", "losses"], "shared by all"
    out = tmp_path / "out"
    pictures = {f"result-strength-{strength}" for strength in STRENGTHS}
    of_all = {f"{name}.{ending}" for name in {*pictures, "result-sheet"} for ending in ("png", "json")}
    assert {path.name for path in out.iterdir()} == of_all
    said = capfd.readouterr().out
    assert f"3/3 strength 0.8: {out / 'result-strength-0.8.png'}, " in said and "loss" not in said
    assert f"--from {out / 'result-sheet.json'} --pick N" in said
    for strength in STRENGTHS:
        alone = tmp_path / f"alone-{strength}.png"
        assert main([*words, "--strength", strength, "-o", str(alone), "--quiet"]) == 0
        assert (out / f"result-strength-{strength}.png").read_bytes() == alone.read_bytes()
        records = [
            json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            for path in (alone, out / f"result-strength-{strength}.png")
        ]
        assert records[0]["recipe"] == records[1]["recipe"]
    assert len({path.read_bytes() for path in out.glob("result-strength-*.png")}) == 3


def test_two_options_make_a_grid(tmp_path, words):
    assert main([*words, "--size", "24,32", "--recipe", "default,gatys2016", "--quiet", "--style-scale", "0.9"]) == 0
    record = json.loads((tmp_path / "out" / "result-sheet.json").read_text(encoding="utf-8"))
    assert [(picture["recipe"], picture["size"]) for picture in record["pictures"]] == [
        ("default", "24"), ("default", "32"), ("gatys2016", "24"), ("gatys2016", "32"),
    ]  # fmt: skip
    sizes = [
        read_image(tmp_path / "out" / f"result-recipe-{name}-size-{size}.png").shape[1]
        for name in ("default", "gatys2016")
        for size in (24, 32)
    ]
    assert sizes == [24, 32, 24, 32]
    sheet = read_image(tmp_path / "out" / "result-sheet.png")
    assert sheet.shape[0] > 3 * 360, "inputs, and a row for each recipe"
    assert np.all(sheet[:, :24] == 255)


def test_an_interrupt_keeps_what_is_finished_and_resume_makes_the_rest(tmp_path, words, capfd, monkeypatch):
    made, make = [], many.make_picture

    def stopped_at_the_second(*arguments, **more):
        if made:
            raise KeyboardInterrupt
        made.append(1)
        return make(*arguments, **more)

    monkeypatch.setattr(many, "make_picture", stopped_at_the_second)
    swept = [*words, "--strength", ",".join(STRENGTHS)]
    assert main([*swept]) == 130
    out, first = tmp_path / "out", tmp_path / "out" / "result-strength-0.2.png"
    assert f"repeat the command with -o {out / 'result.png'} --resume" in capfd.readouterr().err
    assert {path.name for path in out.glob("*.png")} == {"result-strength-0.2.png", "result-sheet.png"}
    small, at = read_image(out / "result-sheet.png").shape, first.stat().st_mtime_ns
    monkeypatch.setattr(many, "make_picture", make)
    assert "is missing; make it by --resume" in refused(
        ["--from", str(out / "result-sheet.json"), "--pick", "3"], capfd, tmp_path
    )
    assert main([*swept, "--resume"]) == 0
    assert f"1/3 strength 0.2: {first} is there already" in capfd.readouterr().out
    assert first.stat().st_mtime_ns == at and len(list(out.glob("result-strength-*.png"))) == 3
    assert read_image(out / "result-sheet.png").shape[1] > small[1]
    assert "was made with other settings: seed was 0 and is now 3" in refused(
        [*swept, "--resume", "--seed", "3"], capfd, out
    )


def test_a_name_that_is_taken_gets_a_number(tmp_path, words, capfd):
    out = tmp_path / "out"
    out.mkdir()
    (out / "result-strength-0.2.png").write_bytes(b"of somebody")
    (out / "result-2-sheet.json").write_bytes(b"of somebody")
    assert main([*words, "--strength", "0.2,0.5"]) == 0
    assert f"{out / 'result.png'} is taken, so the results' names begin with result-3" in capfd.readouterr().out
    assert (out / "result-3-strength-0.5.png").exists() and (out / "result-3-sheet.png").exists()
    line = refused([*words, "--strength", "0.3,0.5", "--overwrite", "-o", str(out / "result-2.png")], capfd, tmp_path)
    assert "result-2-sheet.json is no record of a sheet and would be overwritten" in line


def test_one_that_cannot_be_made_stops_no_other(tmp_path, words, capfd, monkeypatch):
    make = many.make_picture

    def broken(session, job, *more):
        if job.recipe.size == 24:
            raise run.InputError("it is broken")
        return make(session, job, *more)

    monkeypatch.setattr(many, "make_picture", broken)
    assert main([*words, "--size", "24,32", "--quiet"]) == 3
    assert capfd.readouterr().err == "transfer: size 24: it is broken\n"
    assert (tmp_path / "out" / "result-size-32.png").exists()


REFUSED = {
    "--strength 0.2,1.5": "--strength is 1.5, expected a number from 0 to 1",
    "--strength 0.2,": "argument --strength: '0.2,' found, expected values with commas, but no spaces, between",
    "--strength 0.2,x": "argument --strength: 'x' found, expected a number such as 0.5",
    "--strength 0.5,.50": "--strength has the value 0.5 twice, expected each once",
    "--style-scale 1,9": "--style-scale is 9, expected a number from 0.25 to 4",
    "--size 32,5": "argument --size: '5' found, expected a whole number of 16 or more",
    "--recipe default,no": "there is no recipe 'no'; the recipes are",
    "--strength 0.2,0.3 --size 24,32 --style-scale 1,2": "have several values, expected 2 such options at most",
    f"--size {','.join(map(str, range(16, 42)))}": "26 pictures are asked for, expected 25 at most",
    "--pick 2": "--pick chooses from a sheet, but none is named",
}


@pytest.mark.parametrize("chosen", REFUSED)
def test_what_is_refused_in_one_line(tmp_path, words, capfd, monkeypatch, chosen):
    monkeypatch.setattr("transfer.cli.sweep.start_tensorflow", lambda: pytest.fail("too late"))
    assert REFUSED[chosen] in refused([*words, *chosen.split()], capfd, tmp_path)


@pytest.fixture
def sheet(tmp_path, words) -> str:
    assert main([*words, "--strength", "0.2,0.8", "--quiet"]) == 0
    return str(tmp_path / "out" / "result-sheet.json")


def test_pick_makes_a_picture_of_the_sheet_larger(tmp_path, words, sheet, capfd):
    assert main(["--from", sheet, "--pick", "2", "--size", "48", "--quiet"]) == 0
    alone = tmp_path / "alone.png"
    assert main([*words, "--strength", "0.8", "--size", "48", "-o", str(alone), "--quiet"]) == 0
    assert (tmp_path / "out" / "result-strength-0.8-size-48.png").read_bytes() == alone.read_bytes()
    assert main([*words, "--strength", "0.8", "--iterations", "3", "-o", str(alone), "--overwrite", "--quiet"]) == 0
    again = tmp_path / "again.png"
    assert main(["--from", sheet, "--pick", "2", "--size", "32", "--iterations", "3", "-o", str(again)]) == 0
    assert again.read_bytes() == alone.read_bytes()


def test_picks_that_are_refused(tmp_path, sheet, capfd):
    (tmp_path / "pipe").symlink_to("/dev/zero")
    for words, line in {
        f"--from {sheet} --pick 3": "--pick is 3, expected one of the 2 numbers on the sheet",
        f"--from {sheet} --pick 1 --size 32": "is of size 32 already; add a larger --size, or --full-size",
        f"--from {sheet}": f"is the record of a sheet; choose one of its pictures: --from {sheet} --pick N",
        f"--from {tmp_path / 'out' / 'result-strength-0.2.json'} --pick 1": "is not the record of a sheet",
        f"--from {tmp_path / 'style.png'} --pick 1": "is not the record of a sheet",
        f"--from {tmp_path / 'pipe'} --pick 1": "cannot be read (it is a pipe or a device",
    }.items():
        assert line in refused(words.split(), capfd, tmp_path)


# `--continue`.


def test_continue_begins_where_the_picture_ended(tmp_path, words, capfd):
    """It is the run that starts from the picture, with everything else as before."""
    assert main([*words, "--strength", "0.8", "--size", "48", "--scales", "32", "--quiet"]) == 0
    out = tmp_path / "out"
    assert main(["--continue", str(out / "result.json"), "--iterations", "3"]) == 0
    alone, chosen = tmp_path / "alone.png", ["--strength", "0.8", "--size", "48", "--iterations", "3"]
    assert main([*words, *chosen, "--init", str(out / "result.png"), "-o", str(alone), "--quiet"]) == 0
    further = out / "result-continued.png"
    assert further.read_bytes() == alone.read_bytes() != (out / "result.png").read_bytes()
    before, after = (
        json.loads((out / name).read_text(encoding="utf-8")) for name in ("result.json", "result-continued.json")
    )
    assert len(after["steps"]) == 3 and after["losses"]["total"] < before["losses"]["total"]
    assert (
        main(["--from", str(out / "result-continued.json"), "-o", str(tmp_path / "b.png"), "--exact", "--quiet"]) == 0
    )
    assert main(["--continue", str(out / "result.json"), "--quiet"]) == 0
    assert (out / "result-continued-2.png").exists()


def test_continue_needs_what_the_record_tells_of(tmp_path, words, capfd):
    assert main([*words, "--quiet"]) == 0
    out, again = tmp_path / "out", ["--continue", str(tmp_path / "out" / "result.json")]
    assert "--strength is given beside --continue, which takes" in refused([*again, "--strength", "1"], capfd, tmp_path)
    assert "a picture is given beside --continue" in refused([words[0], *again], capfd, tmp_path)
    assert "--from is given beside --continue" in refused([*again, "--from", "a.json"], capfd, tmp_path)
    assert "is not the record of a picture" in refused(["--continue", words[0]], capfd, tmp_path)
    shutil.copy(tmp_path / "content.png", tmp_path / "style.png")
    line = f"{tmp_path / 'style.png'} was changed or deleted after {out / 'result.json'} was written; put the old"
    assert line in refused(again, capfd, tmp_path)
    shutil.copy(tmp_path / "content.png", out / "result.png")
    assert f"{out / 'result.png'} was changed or deleted after" in refused(again, capfd, tmp_path)
    (tmp_path / "tiny.mat").unlink()
    assert "tiny.mat of" in (line := refused(again, capfd, tmp_path)) and "are gone; name them by --weights" in line
