"""Every recipe's losses and gradient on a tiny network, against each system's own formula on a second network (NumPy).

The pictures have 37 × 45 pixels: 37 → 19 → 10 → 5 → 3 when halves are rounded up, 37 → 18 → 9 → 4 → 2 when down. A
recipe with a margin sees them with that much more on each side.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

import second_systems
from numpy_network import matrices, mirrored, scales_of
from tiny_network import tiny_weights
from transfer import session as setup
from transfer.files import Files
from transfer.inputs import Images
from transfer.other_programs import RECIPES
from transfer.recipes import GATYS2016, GATYS2016_LITERAL
from transfer.session import Job, Session

HEIGHT, WIDTH = 37, 45
ROOM = 8e9  # bytes: the image is computed whole
STEP = 1e-5  # levels; within it there is hardly ever a kink, of a ReLU, a maximum or an absolute value


def _random_pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, style and generated, of one size: for some systems only then G/M is what they compute.

    They differ enough that float32 does not lose its digits in the differences.
    """
    rng = np.random.default_rng(2)
    content = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    style = np.kron(rng.integers(0, 256, (13, 15, 3)), np.ones((3, 3, 1)))[:HEIGHT, :WIDTH].astype(np.uint8)
    return content, style, rng.uniform(60, 110, content.shape).astype(np.float32)


def _measuring() -> list[np.ndarray]:
    """The pictures over which a normalised network has mean activation 1."""
    rng = np.random.default_rng(5)
    rough = np.kron(rng.integers(0, 256, (5, 6, 3)), np.ones((8, 8, 1)))
    return [rough.astype(np.uint8), rng.integers(0, 86, (40, 33, 3)).astype(np.uint8)]


pytestmark = pytest.mark.usefixtures("without_compiling")
CONTENT, STYLE, GENERATED = _random_pictures()
MEASURING = _measuring()
PICTURES = Images(CONTENT, (STYLE,), None, Files("content", "style"))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "normalizing_images", lambda: MEASURING)
        yield Session(tiny_weights(), ROOM)


@cache
def scales(pooling: str, normalized: bool) -> dict[str, np.ndarray]:
    return scales_of(tiny_weights(), MEASURING, pooling) if normalized else {}


def generated_for(name: str) -> np.ndarray:
    """The generated image with the margin of that system."""
    return mirrored(GENERATED, second_systems.SYSTEMS[name].margin)


@cache
def second_maps(
    which: str, margin: int, pooling: str, odd_sides: str, white: float, normalized: bool
) -> dict[str, np.ndarray]:
    """The second network's maps of "content", "style", "generated", or "grained", which is the content with grain."""
    image = {"content": CONTENT, "grained": CONTENT, "style": STYLE, "generated": GENERATED}[which]
    image = mirrored(image, margin)
    if which == "grained":
        image = second_systems.grained(image)
    return matrices(tiny_weights(), image, pooling, scales(pooling, normalized), odd_sides, white)


def references(system: second_systems.System, *network) -> tuple[second_systems.Maps, second_systems.Maps]:
    """P and S by that network, as the system wants them."""
    p, s, *of_grained = (
        second_maps(which, system.margin, *network) for which in ("content", "style", *["grained"] * system.grain)
    )
    return (second_systems.with_grain(p, *of_grained) if system.grain else p), s


def second_opinion(name: str, image: np.ndarray) -> second_systems.Terms:
    """Each system's own terms at `image` (H, W, 3), which has its margin."""
    system = second_systems.SYSTEMS[name]
    f = system.maps(tiny_weights(), image, scales(system.pooling, system.normalized))
    p, s = references(system, system.pooling, system.odd_sides, system.white, system.normalized)
    return system.terms(f, p, s, image.astype(np.float64))


def second_total(name: str, image: np.ndarray) -> float:
    terms = second_opinion(name, image)
    return sum(terms.contents) + sum(terms.styles) + terms.prior


def test_every_recipe_has_a_second_opinion():
    assert list(second_systems.SYSTEMS) == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_losses_are_the_systems_own(session, name):
    losses = session.losses(RECIPES[name], PICTURES, GENERATED)
    expected = second_opinion(name, generated_for(name))
    contents = expected.contents if RECIPES[name].content_weight else []
    assert min(*contents, *expected.styles) > 0, "or a layer would prove nothing"
    layers = [loss for term, loss in losses.terms.items() if term != "tv"]
    np.testing.assert_allclose(layers, [*expected.contents, *expected.styles], rtol=1e-5)
    groups = {"content": sum(expected.contents), "style": sum(expected.styles)}
    if expected.prior:
        groups["tv"] = expected.prior
    assert losses.groups == pytest.approx(groups, rel=1e-5)
    assert losses.total == pytest.approx(sum(groups.values()), rel=1e-5)


def directions(shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Random changes of the whole picture, and of the parts where rounding of sides and the prior could go wrong."""
    rng = np.random.default_rng(4)
    parts = {"everywhere": np.s_[:, :], "last row": np.s_[-1:, :], "last column": np.s_[:, -1:]}
    parts |= {"first corner": np.s_[:6, :6]}
    changes = {}
    for name, part in parts.items():
        changes[name] = np.zeros(shape)
        changes[name][part] = rng.normal(size=changes[name][part].shape)
    return changes


@pytest.mark.parametrize("name", RECIPES)
def test_gradients_are_the_systems_own(session, name):
    """Along each direction: (L(x + h d) − L(x − h d)) / 2h in float64, by the second network."""
    generated = generated_for(name)
    _, gradient = session.objective(RECIPES[name], PICTURES)(generated)
    for part, change in directions(generated.shape).items():
        further, before = (generated + sign * STEP * change for sign in (1, -1))
        expected = second_total(name, further) - second_total(name, before)
        expected /= 2 * STEP
        usual = np.sqrt(np.sum((gradient * change) ** 2))  # of a sum of so many numbers with random signs
        assert np.sum(gradient * change, dtype=np.float64) == pytest.approx(expected, abs=1e-4 * usual), part


@pytest.mark.parametrize("name", RECIPES)
def test_every_choice_of_the_network_shows_in_the_numbers_above(name):
    """With another pooling, rounding, range or scale they would be off by far more than is allowed."""
    system = second_systems.SYSTEMS[name]
    choices = (("avg", "max"), ("up", "down"), (255, 256), (False, True))
    own = (system.pooling, system.odd_sides, system.white, system.normalized)
    found = []
    for network in product(*choices):
        if sum(ours != other for ours, other in zip(own, network, strict=True)) <= 1:
            f = second_maps("generated", system.margin, *network)
            terms = system.terms(f, *references(system, *network), generated_for(name).astype(np.float64))
            found.append([*terms.contents, *terms.styles])
    assert len(found) == 1 + len(choices)
    for i, losses in enumerate(found):
        assert not any(np.allclose(losses, other, rtol=2e-4, atol=0) for other in found[:i])


def test_between_the_two_readings_of_the_paper_the_ratio_is_2_n_m(session):
    """N = 5 channels (the tiny network's conv4_2) and M = 5 · 6 positions: 37 × 45 after three halvings."""
    ratios = []
    for recipe in (replace(GATYS2016_LITERAL, normalized_network=True), GATYS2016):
        losses = session.losses(recipe, PICTURES, GENERATED)
        ratios.append(losses.groups["content"] / losses.groups["style"])
    assert ratios[0] / ratios[1] == pytest.approx(2 * 5 * (5 * 6), rel=1e-6)


def test_noise_of_neural_style_is_around_what_its_network_sees_as_nothing(session):
    """Pixels of 255/256 of the mean colour are the mean of pixels up to 256."""
    start = session.start(Job(RECIPES["neural-style"], PICTURES)).astype(np.float64)
    mean = np.array([123.68, 116.779, 103.939])
    assert np.abs(start / 255 * 256 - mean).max() < 6 * 0.001
