"""Label pictures: names of colours, which region gets which style, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from image_files import png_of
from transfer.files import NAMES, Files, color_of, name_of
from transfer.inputs import Images, guide_of, load
from transfer.recipes import DEFAULT
from transfer.regions import WHOLE
from vgg.errors import InputError


def saved(path: Path, image: np.ndarray) -> str:
    path.write_bytes(png_of(np.asarray(image, np.uint8)))
    return str(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Pictures of 40 × 32, 48 × 24 and 24 × 24 pixels, and masks: white on the left, red below, black the rest."""
    rng = np.random.default_rng(0)
    for name, shape in (("content", (32, 40, 3)), ("day", (24, 48, 3)), ("night", (24, 24, 3))):
        saved(tmp_path / f"{name}.png", rng.integers(0, 256, shape))
        mask = np.zeros(shape)
        mask[:, : shape[1] // 2] = 255
        mask[shape[0] * 3 // 4 :] = (255, 0, 0)
        saved(tmp_path / f"{name}-mask.png", mask)
    saved(tmp_path / "half.png", np.where(np.arange(24)[None, :, None] < 12, 255, 0) * np.ones((24, 24, 3)))
    return tmp_path


def files(folder: Path, *styles: str, masks=(), regions=(), blend=()) -> Files:
    first, *more = (str(folder / f"{style}.png") for style in styles)
    own = tuple((name, file if file == "keep" else str(folder / file)) for name, file in regions)
    return Files(
        str(folder / "content.png"), first, None, tuple(more), blend, str(folder / "content-mask.png"),
        tuple(str(folder / mask) for mask in masks), own,
    )  # fmt: skip


def loaded(wanted: Files) -> Images:
    return load(wanted, replace(DEFAULT, size=40))


@pytest.mark.parametrize(
    ("name", "color", "shortest"),
    [
        *((name, color, name) for name, color in NAMES.items()),
        ("128", (128, 128, 128), "128"),
        ("#3a7f00", (58, 127, 0), "#3a7f00"),
        ("#FFFFFF", (255, 255, 255), "white"),
        ("255", (255, 255, 255), "white"),
        (" Red ", (255, 0, 0), "red"),
    ],
)
def test_names_of_colours(name, color, shortest):
    assert color_of(name) == color and name_of(color) == shortest


@pytest.mark.parametrize("name", ["256", "-1", "#12345", "#12345g", "sky", "", "1.5"])
def test_what_is_no_colour(name):
    with pytest.raises(InputError, match="is no colour of a region, expected one of black, white"):
        color_of(name)


def test_regions_of_one_colour_belong_together(folder):
    """Their weights are their shares of the content: 3/8, 3/8 and 1/4."""
    found = loaded(files(folder, "day", masks=["day-mask.png"]))
    regions = {region.name: region for region in found.regions}
    assert {name: region.weight for name, region in regions.items()} == {"black": 0.375, "white": 0.375, "red": 0.25}
    expected = np.zeros((32, 40))
    expected[24:] = 1
    np.testing.assert_array_equal(regions["red"].guide, expected)
    assert regions["white"].style_guides[0].shape == found.style_images[0].shape[:2] == (20, 40)
    assert regions["white"].style_guides[0][0, :20].all() and not regions["white"].style_guides[0][0, 20:].any()
    assert all(region.shares == (1.0,) for region in found.regions)


def test_a_region_without_a_partner_keeps_the_content(folder):
    found = loaded(files(folder, "night", masks=["half.png"]))
    assert {region.name: region.weight for region in found.regions} == {"black": 0.5, "white": 0.5}


def test_a_region_gets_its_own_style_and_the_others_the_blend(folder):
    regions = [("red", "content.png"), ("255", "keep")]
    found = loaded(files(folder, "day", "night", regions=regions, blend=(3, 1)))
    assert {region.name: region.shares for region in found.regions} == {"black": (0.75, 0.25, 0), "red": (0, 0, 1)}
    assert [image.shape[:2] for image in found.style_images] == [(20, 40), (24, 24), (32, 40)]
    assert all(guide is None for region in found.regions for guide in region.style_guides)


def test_a_style_without_the_colour_has_no_part_in_its_region(folder):
    found = loaded(files(folder, "day", "night", masks=["day-mask.png", "half.png"], blend=(1, 3)))
    assert {region.name: region.shares for region in found.regions} == {
        "black": (0.25, 0.75), "white": (0.25, 0.75), "red": (1.0, 0.0),
    }  # fmt: skip


def test_a_blend_without_masks_is_one_region(folder):
    plain = replace(files(folder, "day", "night"), content_mask=None)
    assert [region.shares for region in loaded(plain).regions] == [(0.5, 0.5)]
    assert loaded(replace(plain, more_styles=())).regions == (WHOLE,)


def test_the_same_style_twice_is_that_style(folder):
    plain = replace(files(folder, "day", "day", blend=(1, 5)), content_mask=None)
    assert loaded(plain).regions == (WHOLE,) and len(loaded(plain).style_images) == 1


def test_guides_average_areas():
    where = np.zeros((4, 4), bool)
    where[0, :3] = True
    np.testing.assert_allclose(guide_of(where, (2, 2)), [[0.5, 0.25], [0, 0]])
    np.testing.assert_array_equal(guide_of(where, (8, 8))[:2], [[1] * 6 + [0] * 2] * 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda mask: mask[:, :20],
            "a mask of 20 × 32 pixels for .*content.png, used at 40 × 32; expected the same",
        ),
        (lambda mask: np.random.default_rng(0).integers(0, 256, mask.shape), "colours, expected 16 at most, one for"),
        (lambda mask: mask * 0 + (0, 0, 255), r"no region of .*content-mask.png \(blue\) gets a style; use the same"),
    ],
)
def test_masks_that_are_refused(folder, change, expected):
    mask = np.zeros((32, 40, 3))
    saved(folder / "content-mask.png", change(mask))
    with pytest.raises(InputError, match=expected):
        loaded(files(folder, "day", masks=["day-mask.png"]))


def test_a_region_that_is_not_there_is_refused(folder):
    with pytest.raises(InputError, match=r"--region blue: the regions of .*content-mask\.png are black, red, white"):
        loaded(files(folder, "day", regions=[("blue", "night.png")]))


# Regions with a picture each.


def alone(folder: Path, *regions: tuple[str, str]) -> Files:
    named = tuple((str(folder / f"{name}.png"), word) for name, word in regions)
    return Files(str(folder / "content.png"), str(folder / "day.png"), region_styles=named)


@pytest.fixture
def bands(folder) -> Path:
    """Masks of 40 × 32 pixels: the left half white, the upper half white, and nothing."""
    left, upper = np.zeros((32, 40, 3)), np.zeros((32, 40, 3))
    left[:, :20], upper[:16] = 255, 255
    for name, mask in {"left": left, "upper": upper, "grey": upper / 5, "none": 0 * left}.items():
        saved(folder / f"{name}.png", mask)
    return folder


def test_a_region_with_a_picture_has_soft_edges(bands):
    first, rest = loaded(alone(bands, ("left", str(bands / "night.png")))).regions
    assert [(region.name, region.shares) for region in (first, rest)] == [("mask 1", (0.0, 1.0)), ("rest", (1.0, 0.0))]
    assert [region.weight for region in (first, rest)] == pytest.approx([0.5, 0.5], abs=1e-6)
    np.testing.assert_allclose(first.guide + rest.guide, 1, atol=1e-6)
    np.testing.assert_allclose(first.guide[:, [0, 39]], [[1, 0]] * 32, atol=1e-6)
    edge = first.guide[16, 17:23]
    assert np.all(np.diff(edge) < 0) and edge[2] + edge[3] == pytest.approx(1, abs=1e-5), "from white to black"


def test_a_strength_weighs_the_content_and_leaves_the_style_whole(bands):
    """Strength 0.2 is 30^(1 - 2 · 0.2) times the recipe's α; at an edge the strengths are mixed, not the weights."""
    wanted = replace(DEFAULT, size=40)
    found = load(alone(bands, ("left", "0.2")), wanted)
    assert found.regions == (WHOLE,) and found.guided_regions == 0
    weights = found.content_weights
    assert weights.dtype == np.float32 and weights.shape == (32, 40)
    np.testing.assert_allclose(weights[:, [0, 39]], [[30**0.6, 1]] * 32, rtol=1e-4)
    edge = np.log(weights[16, 17:23])
    assert np.all(np.diff(edge) < 0) and edge[2] + edge[3] == pytest.approx(0.6 * np.log(30), rel=1e-4)
    weaker = replace(wanted, content_weight=DEFAULT.content_weight * 30**-0.2, style_weight=2 * DEFAULT.style_weight)
    weights = load(alone(bands, ("left", "0.2")), weaker).content_weights
    assert weights[0, 0] == pytest.approx(2 * 30**0.8, rel=1e-4), "that α in all, against twice the β"
    assert loaded(alone(bands, ("left", "keep"))).content_weights is None
    for without in ({"content_weight": 0.0}, {"style_weight": 0.0}):
        found = load(alone(bands, ("left", "0.2")), replace(wanted, **without))
        np.testing.assert_array_equal(found.content_weights, 1)


def test_strengths_beside_kept_parts_and_own_styles(folder, bands):
    """What differs in strength only is one region: white and black; with masks of styles each has its own part."""
    wanted = files(folder, "day", regions=[("red", "keep")])
    wanted = replace(wanted, region_styles=(*wanted.region_styles, ("white", "0.2")))
    found = loaded(wanted)
    assert [(region.name, region.weight) for region in found.regions] == [("rest", 1.0)]
    np.testing.assert_array_equal(found.regions[0].guide, np.arange(32)[:, None] * np.ones(40) < 24)
    expected = np.where(found.regions[0].guide * (np.arange(40) < 20) > 0, 30**0.6, 1)
    np.testing.assert_allclose(found.content_weights, expected, rtol=1e-5)
    night = loaded(alone(bands, ("left", str(bands / "night.png")), ("upper", "0.2"))).regions
    assert [(region.name, region.shares) for region in night] == [("mask 1", (0.0, 1.0)), ("rest", (1.0, 0.0))]
    np.testing.assert_allclose(night[0].guide + night[1].guide, 1, atol=1e-6)
    masked = replace(files(folder, "day", masks=["day-mask.png"]), region_styles=(("white", "0.2"),))
    found = loaded(masked)
    assert {region.name: region.weight for region in found.regions} == {"black": 0.375, "white": 0.375, "red": 0.25}
    np.testing.assert_allclose(found.content_weights, expected, rtol=1e-5)


def test_kept_and_overlapping_regions_with_pictures(bands):
    """The first one has what both have; what is kept is no region, and neither is what is left when all is named."""
    regions = loaded(alone(bands, ("left", "keep"), ("upper", str(bands / "night.png")))).regions
    assert [(region.name, region.shares) for region in regions] == [("mask 2", (0.0, 1.0)), ("rest", (1.0, 0.0))]
    quarters = [region.guide[row, column] for region in regions for row, column in ((5, 5), (5, 35), (27, 5), (27, 35))]
    np.testing.assert_allclose(quarters, [0, 1, 0, 0, 0, 0, 0, 1], atol=1e-5)
    (grey, rest) = loaded(alone(bands, ("grey", str(bands / "night.png")))).regions
    np.testing.assert_allclose([grey.guide[2, 2], rest.guide[2, 2], rest.guide[30, 2]], [0.2, 0.8, 1], atol=1e-3)


def test_pictures_of_regions_that_are_refused(bands):
    for regions, line in {
        (("none", "0.2"),): "none.png is black everywhere, expected white where the region is",
        (("half", "0.2"),): "expected the same proportions as its picture's",
        (("missing", "0.2"),): "missing.png cannot be read",
    }.items():
        with pytest.raises(InputError, match=line):
            loaded(alone(bands, *regions))
