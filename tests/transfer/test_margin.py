"""The margin: a mirror at the edges, trained with the image, passed on where it can be, and cut off in the end."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from bowl import OPTIMIZERS, SHAPE, START, Bowl, phase
from numpy_network import mirrored
from objectives import objective_for
from transfer.files import Files
from transfer.inputs import Images
from transfer.recipes import DEFAULT
from transfer.session import Job, Session
from transfer.sizes import margin_of, widened, with_margin, without_margin
from transfer.striped import IN_STRIPES
from transfer.train import Phase, train
from vgg.optimize.l_bfgs import LBFGS

pytestmark = pytest.mark.usefixtures("stripes_without_compiling")
RECIPE = replace(DEFAULT, normalized_network=False, scales=(), iterations=4, margin=5)
WIDE, LARGE, WIDE_LARGE = (8, 9, 3), (8, 10, 3), (12, 14, 3)  # with a margin of 2


def pictures_of(content: tuple[int, int] = (24, 32), style: tuple[int, int] = (20, 29)) -> Images:
    rng = np.random.default_rng(sum(content))
    content_image, style_image = (rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in (content, style))
    return Images(content_image, (style_image,), content_image, Files("a.png", "b.png"))


def test_reflection_by_hand():
    image = np.arange(3 * 4 * 3, dtype=np.float32).reshape(3, 4, 3)
    expected = image[[2, 1, 0, 1, 2, 1, 0]][:, [2, 1, 0, 1, 2, 3, 2, 1]]
    np.testing.assert_array_equal(with_margin(image, 2), expected)
    np.testing.assert_array_equal(mirrored(image, 2), expected, err_msg="what the tests below compare with")
    np.testing.assert_array_equal(without_margin(with_margin(image, 2), 2), image)
    np.testing.assert_array_equal(with_margin(image, 0), image)
    np.testing.assert_array_equal(without_margin(image, 0), image)


def test_content_and_style_are_widened_and_the_start_is_not():
    images = pictures_of()
    wide = widened(images, 3)
    np.testing.assert_array_equal(wide.content_image, mirrored(images.content_image, 3))
    np.testing.assert_array_equal(wide.style_image, mirrored(images.style_image, 3))
    assert wide.init_image is images.init_image and wide.files == images.files


@pytest.mark.parametrize(
    ("wanted", "content", "style", "expected"),
    [
        (16, (64, 64), (64, 64), 16),
        (16, (64, 64), (17, 64), 16),
        (16, (64, 64), (40, 16), 15),
        (40, (30, 50), (64, 64), 29),
        (0, (64, 64), (16, 16), 0),
    ],
)
def test_no_wider_than_a_mirror_shows_something(wanted, content, style, expected):
    assert margin_of(wanted, pictures_of(content, style)) == expected


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_is_trained_and_never_shown(optimizer):
    objective, seen = Bowl(shape=WIDE), []
    of_margin = replace(phase(objective, optimizer), margin=2)
    result = train([of_margin], START, lambda step, image: seen.append(image.copy()))
    assert {image.shape for image in objective.images} == {WIDE}
    alone = train([phase(Bowl(shape=WIDE), optimizer, shape=WIDE)], np.full(WIDE, 128, np.float32))
    assert [step.losses for step in result.steps] == [step.losses for step in alone.steps]
    np.testing.assert_array_equal(result.image, alone.image[2:-2, 2:-2])
    assert len(seen) == len(result.steps) and {image.shape for image in seen} == {SHAPE}
    np.testing.assert_array_equal(seen[-1], result.image)
    assert {step.size for step in result.steps} == {5}, "without the margin"


def test_it_begins_as_a_mirror():
    start, objective = np.random.default_rng(0).uniform(0, 255, SHAPE).astype(np.float32), Bowl(shape=WIDE)
    train([replace(phase(objective), margin=2)], start)
    np.testing.assert_array_equal(objective.images[0], mirrored(start, 2))


def test_a_phase_of_the_same_size_goes_on_with_it():
    """The curvatures differ on all sides, so that by then it is no mirror any more."""
    low, exact = Bowl(shape=WIDE), Bowl(shape=WIDE)
    phases = [phase(low, "l-bfgs-unit", 6, "bfloat16"), phase(exact, "l-bfgs-unit", 12)]
    train([replace(each, margin=2) for each in phases], START)
    best = min(low.images, key=low.total)
    assert np.abs(best - mirrored(best[2:-2, 2:-2], 2)).max() > 1
    np.testing.assert_allclose(exact.images[0], best, rtol=1e-6)  # rounded to float32 between the two


@pytest.mark.parametrize("margin", [0, 2, 3])
def test_a_phase_of_another_size_makes_it_anew(margin):
    wide_large = LARGE[0] + 2 * margin, LARGE[1] + 2 * margin, 3
    small, large = Bowl(shape=WIDE), Bowl(shape=wide_large)
    phases = [replace(phase(small, until=3), margin=2), replace(phase(large, until=5, shape=LARGE), margin=margin)]
    result = train(phases, START)
    first, best = large.images[0], min(small.images, key=small.total)
    assert first.shape == wide_large and result.image.shape == LARGE
    inside = first[margin : margin + LARGE[0], margin : margin + LARGE[1]]
    np.testing.assert_array_equal(first, mirrored(inside, margin))
    assert abs(inside.mean() - best[2:-2, 2:-2].mean()) < 0.5 < abs(best.mean() - best[2:-2, 2:-2].mean())


@pytest.mark.parametrize("last", [1, 3])
def test_stopped_at_a_smaller_size_the_picture_has_no_margin(last):
    def stop(step, image):
        if step.step == last:
            raise KeyboardInterrupt

    phases = [phase(Bowl(shape=WIDE), until=3), phase(Bowl(shape=WIDE_LARGE), until=3, shape=LARGE)]
    result = train([replace(each, margin=2) for each in phases], START, stop)
    assert result.stopped == "interrupted" and result.image.shape == LARGE and result.losses is None
    alone = train([phase(Bowl(shape=WIDE), until=last, shape=WIDE)], np.full(WIDE, 128, np.float32))
    assert abs(result.image.mean() - alone.image[2:-2, 2:-2].mean()) < 0.5


@pytest.mark.parametrize("margin", [0, 5])
def test_a_run_is_that_of_mirrored_pictures_cut_off(weights, margin):
    """And without a margin that of the pictures themselves."""
    images = pictures_of()
    result = Session(weights, inf).run(Job(replace(RECIPE, margin=margin), images))
    content, style = (mirrored(image, margin) for image in (images.content_image, images.style_image))
    objective = objective_for(weights, RECIPE, content, style)
    alone = train([Phase(*content.shape[:2], lambda: objective, LBFGS(smooth=True), 4)], content.astype(np.float32))
    assert result.image.shape == (24, 32, 3) and np.abs(result.image - images.content_image).max() > 1
    np.testing.assert_array_equal(result.image, alone.image[margin : margin + 24, margin : margin + 32])
    assert [step.losses for step in result.steps] == [step.losses for step in alone.steps]


def test_small_sizes_on_the_way_have_a_smaller_one(weights):
    """At half the size the style picture has 18 rows, of which a mirror shows 17."""
    recipe = replace(RECIPE, scales=(32,), margin=20)
    job = Job(recipe, pictures_of((48, 64), (36, 40)))
    phases = Session(weights, inf).phases(job)
    assert [(phase.height, phase.margin) for phase in phases] == [(24, 17), (48, 20)]
    for each in phases:
        shape = each.height + 2 * each.margin, each.width + 2 * each.margin, 3
        _, gradient = each.build_objective()(np.full(shape, 90, np.float32))
        assert gradient.shape == shape
    assert Session(weights, inf).run(job).image.shape == (48, 64, 3)


def test_losses_of_the_result_without_a_margin_are_those_of_the_run(weights):
    job = Job(replace(RECIPE, margin=0), pictures_of())
    session = Session(weights, inf)
    result = session.run(job)
    assert session.losses(job.recipe, job.images, result.image).total == pytest.approx(result.losses.total, rel=1e-6)


def test_losses_of_an_image_are_those_of_its_mirror(weights):
    """That of the margin which was trained is gone; so they are near the run's own and not the same."""
    session, job = Session(weights, inf), Job(RECIPE, pictures_of())
    result = session.run(job)
    losses = session.losses(job.recipe, job.images, result.image)
    wide = [mirrored(image, 5) for image in (job.images.content_image, job.images.style_image, result.image)]
    expected, _ = objective_for(weights, RECIPE, *wide[:2])(wide[2])
    assert losses.total == pytest.approx(expected.total, rel=1e-6)
    assert np.isfinite(losses.total) and 0.5 < losses.total / result.losses.total < 2
    assert losses.total != result.losses.total


class InStripes(Session):
    """As if the memory were full."""

    def plan(self, recipe, height, width, regions=0):
        return super().plan(recipe, height, width, regions)._replace(rows=16)


def test_in_stripes_it_is_the_same(weights):
    recipe, images = replace(RECIPE, margin=11), pictures_of((53, 47), (40, 61))
    at = np.random.default_rng(1).uniform(0, 255, (53 + 22, 47 + 22, 3)).astype(np.float32)
    whole, striped = (kind(weights, inf, striped=IN_STRIPES).objective(recipe, images) for kind in (Session, InStripes))
    (whole_losses, expected), (losses, gradient) = whole(at), striped(at)
    assert type(whole.evaluation) is not type(striped.evaluation)
    assert losses.total == pytest.approx(whole_losses.total, rel=1e-5)
    assert losses.terms == pytest.approx(whole_losses.terms, rel=2e-5)
    np.testing.assert_allclose(gradient, expected, atol=2e-5 * np.sqrt(np.mean(expected**2)))


def test_the_memory_is_planned_for_all_of_it(weights):
    session, without = Session(weights, inf), replace(RECIPE, margin=0)
    wide = replace(RECIPE, margin=50)
    assert session.plan(wide, 100, 200).needed == session.plan(without, 200, 300).needed
    assert session.plan(wide, 100, 200).needed > session.plan(without, 100, 200).needed
