"""What is set on the page becomes words of the command line, and a record becomes what was set."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from transfer.apps.page.settings import Settings, parse, settings_of
from transfer.cli.options import files_from
from transfer.cli.record import recipe_entries
from transfer.cli.variants import variants_of
from transfer_command import main, prepare
from vgg.errors import InputError
from vgg.tools.files import file_digest


def test_what_is_not_set_is_not_named():
    assert Settings().words() == ["sample", "sample", "--size", "512"]


def test_all_that_is_set_arrives_in_the_recipe_and_the_files():
    settings = Settings(
        "photo.png", ("a.png", "b.png"), "3:1", 0.25, 320, 2.0, "luminance", "", "gatys2016", "net.mat", None,
        (("face.png", "keep"),), "--tv-weight 0.5 --seed 7",
    )  # fmt: skip
    words = parse(settings.words())
    recipe = variants_of(words)[0].recipe
    assert (recipe.name, recipe.size, recipe.style_scale, recipe.colors) == ("gatys2016", 320, 2.0, "luminance")
    assert (recipe.tv_weight, words.seed, str(words.weights)) == (0.5, 7, "net.mat")
    assert recipe.content_weight == pytest.approx(1e-3 * 30**0.5)  # halfway from the recipe's α to 30 times as much
    assert (words.content, words.style, words.style_blend) == ("photo.png", ["a.png", "b.png"], (3.0, 1.0))
    assert words.region == [("face.png", "keep")]


@pytest.mark.parametrize(
    "further",
    [
        "--output /etc/passwd", "-o x.png", "--weights /etc/passwd", "--log-dir /tmp/x", "--from x.json", "--resume",
        "--overwrite", "--init /etc/passwd", "--content-mask /etc/passwd", "--region a.png=keep", "--style /etc/passwd",
        "/etc/passwd", "--scheduler tcp://1.2.3.4:1", "--help", "'", "--nonsense", "--tv-weight", "--out x.png",
    ],
)  # fmt: skip
def test_further_options_name_no_file_and_no_place(further):
    with pytest.raises(InputError) as problem:
        Settings(further=further).words()
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    "choices",
    [
        [],
        ["--strength", "0.3", "--size", "40", "--style-scale", "2", "--colors", "luminance"],
        ["--content-weight", "0.123", "--seed", "3", "--init", "noise", "--scales", "24,28", "--depth", "16"],
        ["--style-statistic", "moments"],
        ["--recipe", "coursera", "--tv-weight", "0.5", "--optimizer", "adam", "--learning-rate", "3"],
    ],
)
def test_the_record_of_a_run_gives_its_settings_back(choices, tmp_path):
    words = [*prepare(tmp_path), *choices]
    assert main([*words, "--quiet"]) == 0
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    kept = {file_digest(file, "sha256"): str(file) for file in tmp_path.glob("*.png")}
    settings = settings_of(record, kept.get, {file_digest(tmp_path / "tiny.mat", "sha256"): str(tmp_path / "tiny.mat")})
    again = parse(settings.words())
    recipe = variants_of(again)[0].recipe
    assert json.loads(json.dumps(recipe_entries(recipe))) == record["recipe"]
    assert (files_from(again).content, files_from(again).styles) == (words[0], (words[1],))
    assert (again.seed, again.depth) == (record["seed"], record["finish"]["depth"])
    assert str(again.weights) == str(tmp_path / "tiny.mat")


def test_a_record_opens_no_file_that_it_names(tmp_path):
    main([*prepare(tmp_path), "--quiet"])
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    with pytest.raises(InputError, match="is not here; drop it in"):
        settings_of(record, lambda digest: None, {})


@pytest.mark.parametrize("record", [{}, {"recipe": 1}, {"recipe": {}, "inputs": {}}, {"pictures": []}])
def test_what_is_no_record_is_refused(record):
    with pytest.raises(InputError, match="not the record of a picture"):
        settings_of(record, lambda digest: None, {})


def test_settings_survive_their_file(tmp_path):
    from transfer.apps.page.folder import Folder

    folder = Folder(tmp_path / "page")
    settings = replace(Settings(), regions=(("m.png", "0.2"),), styles=("a", "b"), strength=1, shares="1:2")
    outputs = folder.new(settings)
    assert folder.results() == []  # it has not begun
    outputs.state.touch()
    assert folder.results() == [(outputs, settings)]
    assert Path(outputs.picture).parent == tmp_path / "page"
