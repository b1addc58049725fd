"""The controls on the command line: each alone, and every two together.

The table of pairs is what README's "all of them in every combination" rests on: 64 pixels and less, two steps each.
"""

import json
from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest

from controls import options, prepare_controls
from image_files import png_of
from transfer.__main__ import main
from transfer.cli.options import build_parser, recipe_from
from transfer.files import Files
from transfer.inputs import load
from transfer.other_programs import RECIPES
from transfer.recipes import DEFAULT
from vgg.tools.image import read_image

PICTURES = ("content.png", "style.png")


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare_controls(tmp_path)


def result_of(folder) -> np.ndarray:
    return read_image(folder / "out" / "result.png")


CONTROLS = {
    "second style": "--style second.png --style-blend 3:1",
    "style scale": "--style-scale 0.75",
    "strength": "--strength 0.8",
    "luminance": "--colors luminance",
    "match": "--colors match-cholesky",
    "region": "--content-mask content-mask.png --region white=second.png",
    "start": "--init content=0.4,noise=0.6",
    "statistic": "--style-statistic moments",
    "layers": "--content-layers relu2_2=0.3,relu3_1=0.7 --style-layers relu1_1,relu2_1=0.5,relu3_1",
    "coarse to fine": "--size 64 --scales 32",
    "stripes": "--max-memory 1.1012",
    "other recipe": "--recipe pytorch-tutorial --size 32 --iterations 2",
    "Adam": "--optimizer adam",
}
#: These set the same option, so they cannot be in one run.
EITHER_OR = [{"luminance", "match"}, {"coarse to fine", "stripes"}, {"coarse to fine", "other recipe"}]
EITHER_OR += [{"statistic", "other recipe"}]  # whose weights are for the Gram matrix
IN_EACH = {"second style", "style scale", "strength", "region", "start", "layers"}
#: Many controls in one run; together these have every two that can be in one.
TOGETHER = [
    IN_EACH | {"luminance", "coarse to fine", "Adam", "statistic"},
    IN_EACH | {"match", "coarse to fine", "statistic"},
    IN_EACH | {"luminance", "stripes", "other recipe"},
    IN_EACH | {"match", "stripes", "other recipe", "Adam"},
    {"stripes", "statistic"},
]


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> np.ndarray:
    """The result without any control."""
    folder = tmp_path_factory.mktemp("plain")
    assert main(prepare_controls(folder)) == 0
    return result_of(folder)


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.usefixtures("stripes_without_compiling")
def test_a_control_changes_the_picture(tmp_path, words, plain, name):
    assert main([*words, *options(CONTROLS[name], tmp_path)]) == 0
    changed = result_of(tmp_path)
    if name == "stripes":
        assert np.abs(changed.astype(int) - plain).max() <= 1
        record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
        assert record["sizes"][-1]["rows_of_a_stripe"]
    else:
        assert changed.shape != plain.shape or np.abs(changed.astype(int) - plain).max() > 1


def test_every_two_controls_are_in_one_of_the_runs():
    pairs = [set(pair) for pair in combinations(CONTROLS, 2)]
    assert all(any(pair <= run for run in TOGETHER) for pair in pairs if pair not in EITHER_OR)


@pytest.mark.usefixtures("stripes_without_compiling")
@pytest.mark.parametrize("run", TOGETHER, ids=lambda run: " + ".join(sorted(run - IN_EACH)))
def test_many_controls_go_together(tmp_path, words, run):
    """And each counts in the first of them: without it, the losses are others."""

    def losses(names) -> dict[str, float]:
        assert main([*words, *(word for name in names for word in options(CONTROLS[name], tmp_path))]) == 0
        assert result_of(tmp_path).std() > 1
        return json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["losses"]

    names = [name for name in CONTROLS if name in run]
    together = losses(names)
    count = {"second style", "style scale", "region", "luminance", "match"}
    for left_out in run & count - set().union(*TOGETHER[: TOGETHER.index(run)]):
        assert losses(name for name in names if name != left_out) != together, left_out


@pytest.mark.usefixtures("stripes_without_compiling")
def test_two_styles_masks_luminance_stripes_and_coarse_to_fine_in_one_run(tmp_path, words):
    left = np.where(np.arange(60)[None, :, None] < 30, 255, 0) * np.ones((44, 60, 3))
    (tmp_path / "second-mask.png").write_bytes(png_of(left.astype(np.uint8)))
    masks = "--content-mask content-mask.png --style-mask style-mask.png --style-mask second-mask.png"
    chosen = f"--style second.png --colors luminance --size 64 --scales 32 --max-memory 1.102 {masks} --sheet"
    assert main([*words, *options(chosen, tmp_path)]) == 0
    result, content = result_of(tmp_path).astype(float), read_image(tmp_path / "content.png").astype(float)
    record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert record["sizes"][-1]["rows_of_a_stripe"] and len(record["sizes"]) == 2
    regions = record["regions"]
    assert [(region["name"], region["shares"]) for region in regions] == [("black", [0.5, 0.5]), ("white", [0.5, 0.5])]
    assert all(set(region["guides_sha256"]) == {"content", "style 1", "style 2"} for region in regions)
    assert record["style 2"]["file"].endswith("second.png")
    chroma = [picture - (picture @ (0.299, 0.587, 0.114))[..., None] for picture in (result, content)]
    assert np.abs(chroma[0] - chroma[1]).max() < 1.01, "the content's colours, rounded to whole levels"
    # content, mask, two styles and the result, in a row
    assert 4 * 430 < cv2.imread(str(tmp_path / "out" / "result-sheet.png")).shape[1] < 6 * 430


def test_a_blend_of_a_picture_with_itself_is_its_run_to_the_byte(tmp_path, words):
    assert main(words) == 0
    alone = (tmp_path / "out" / "result.png").read_bytes()
    assert main([*words, "--style", str(tmp_path / "style.png"), "--style-blend", "2:1"]) == 0
    assert (tmp_path / "out" / "result.png").read_bytes() == alone


def test_a_blend_lies_between_its_pictures(tmp_path, words):
    """Content without weight: the more of the second style, the farther from the first one's run."""
    results = []
    for blend in ("1:0", "3:1", "1:3", "0:1"):
        both = ["--style", str(tmp_path / "second.png"), "--style-blend", blend, "--content-weight", "0"]
        assert main([*words, *both, "--iterations", "6"]) == 0
        results.append(result_of(tmp_path).astype(float))
    away = [np.abs(result - results[0]).mean() for result in results]
    assert away == sorted(away) and away[1] > 0


@pytest.mark.parametrize("recipe", RECIPES)
def test_strength_is_the_recipes_own_balance_in_the_middle(recipe):
    found = [
        recipe_from(build_parser().parse_args(["--recipe", recipe, "--strength", str(strength)])).content_weight
        for strength in (0, 0.25, 0.5, 0.75, 1)
    ]
    own = RECIPES[recipe].content_weight
    # 30, its root, 1, the odds 1 : 3 to the power 1.4, the least odds 1 : 20 to that power
    assert found == pytest.approx([own * factor for factor in (30, 5.4772, 1, 0.21480, 0.015086)], rel=1e-4)


def test_the_stronger_the_farther_from_the_content(tmp_path, words):
    content, away = read_image(tmp_path / "content.png"), []
    small = cv2.resize(content, (32, 24), interpolation=cv2.INTER_AREA).astype(float)
    for strength in ("0", "0.5", "1"):
        assert main([*words, "--strength", strength, "--iterations", "10"]) == 0
        away.append(np.abs(result_of(tmp_path) - small).mean())
    assert away == sorted(away) and away[0] < 0.8 * away[2]


def test_the_same_strength_in_all_regions_is_that_strength(tmp_path, words):
    mask = ["--content-mask", str(tmp_path / "content-mask.png")]
    found = []
    for strength in (["--strength", "0.2"], [*mask, "--region", "white=0.2", "--region", "black=0.2"], []):
        assert main([*words, *strength, "--iterations", "5", "--precision", "float32"]) == 0
        found.append(result_of(tmp_path).astype(float))
    everywhere, in_regions, plain = found
    assert np.abs(in_regions - everywhere).max() <= 1 < np.abs(plain - everywhere).max()


def test_a_region_with_a_picture_has_its_own_strength(tmp_path, words):
    """The disc in the middle: kept to the level, a little style, or as much as elsewhere."""
    small = cv2.resize(read_image(tmp_path / "content.png"), (32, 24), interpolation=cv2.INTER_AREA).astype(float)
    away, around = [], []
    for word in ("keep", "0", "1"):
        region = ["--region", f"{tmp_path / 'content-mask.png'}={word}"]
        assert main([*words, *region, "--strength", "1", "--iterations", "20"]) == 0
        differences = np.abs(result_of(tmp_path) - small)
        away.append(differences[10:15, 13:20].mean())
        around.append(differences[:, [*range(4), *range(28, 32)]].mean())
    assert away[0] < 1 and away[1] < 0.8 * away[2], away
    assert min(around) > 0.7 * max(around), around


@pytest.mark.parametrize(("scale", "size"), [(0.5, (26, 32)), (1, (40, 50)), (2, (40, 50))])
def test_style_scale_is_the_styles_size_and_never_enlarges_silently(tmp_path, words, scale, size):
    """50 × 40 pixels at --size 64: half of that is 32 wide, and there are no more than 50."""
    found = load(Files(*(str(tmp_path / name) for name in PICTURES)), replace(DEFAULT, size=64, style_scale=scale))
    assert found.style_image.shape[:2] == size
    assert any("used as it is, not enlarged" in remark for remark in found.remarks) == (scale >= 1)


@pytest.mark.parametrize("recipe", ["neural-style-tf", "pytorch-tutorial"])
def test_style_scale_goes_with_recipes_that_size_the_style_otherwise(tmp_path, words, recipe):
    wanted = replace(RECIPES[recipe], size=48)
    files = Files(*(str(tmp_path / name) for name in PICTURES))
    plain, half = (load(files, replace(wanted, style_scale=scale)).style_image.shape[:2] for scale in (1.0, 0.5))
    assert half == pytest.approx([side / 2 for side in plain], abs=1)


def test_a_blended_start_is_that_blend(tmp_path, words):
    recipe = recipe_from(build_parser().parse_args(["--init", "content=0.3,style=0.1,noise=0.6", "--size", "64"]))
    assert (recipe.init, recipe.noise_share) == ("blend", 0.6)
    found = load(Files(*(str(tmp_path / name) for name in PICTURES)), recipe)
    style = cv2.resize(found.style_image, (64, 48), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_allclose(found.init_image, 0.75 * found.content_image + 0.25 * style, atol=1e-3)
    assert recipe_from(build_parser().parse_args(["--init", "noise=1"])).init == "noise"
