"""The training loop: what it reaches, what it reports, what it keeps when it is stopped or the loss breaks."""

from dataclasses import replace

import numpy as np
import pytest

from bowl import OPTIMIZERS, SHAPE, START, Bowl, phase
from transfer.files import Files
from transfer.inputs import Images
from transfer.recipes import DEFAULT
from transfer.session import Job, Session
from transfer.train import train
from vgg.optimize.adam import Adam


@pytest.fixture
def waves() -> np.ndarray:
    y, x = np.mgrid[:40, :48]
    planes = [128 + 100 * np.sin(x / 3), 128 + 100 * np.sin((x + y) / 4), 60 + 40 * np.cos(y / 5)]
    return np.stack(planes, axis=-1).astype(np.uint8)


def job_of(image, style, optimizer="l-bfgs", **recipe) -> Job:
    settings = {"optimizer": optimizer, "learning_rate": 5.0, "normalized_network": False, "init": "picture"}
    settings |= {"margin": 0}  # with one, the losses reported are those of a wider image
    return Job(replace(DEFAULT, **settings, **recipe), Images(image, (style,), image, Files("", "")))


@pytest.mark.parametrize(("optimizer", "factor"), [("l-bfgs", 30), ("adam", 10)])
def test_style_alone_is_nearly_reached(weights, image, waves, optimizer, factor):
    """Five Gram matrices of 4 to 7 channels have about 70 different entries, the image 4995 free values.

    So nothing stands against a loss near 0, and an optimiser that works must come closer and closer to it. Measured:
    170 and 37 times lower after 40 steps; a wrong gradient or a lost step would not bring a factor of 2.
    """
    job = job_of(image, waves, optimizer, content_layers=(), tv_weight=0.0, iterations=40)
    start = 128 + np.random.default_rng(3).standard_normal(image.shape, np.float32)
    session = Session(weights, float("inf"))
    before = session.losses(job.recipe, job.images, start)
    result = train(session.phases(job), start)
    after = session.losses(job.recipe, job.images, result.image)
    assert after.groups["style"] < before.groups["style"] / factor
    assert result.losses == after, "the losses reported are those of the image returned"
    assert result.image.shape == image.shape and result.image.dtype == np.float32


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_report_for_each_step(optimizer):
    objective, seen = Bowl(), []
    result = train(
        [phase(objective, optimizer)],
        START,
        lambda step, image: seen.append((step, len(objective.images), image.copy())),
    )
    assert [step for step, _, _ in seen] == result.steps
    assert [step.step for step in result.steps] == list(range(1, 9))
    assert [step.evaluations for step in result.steps] == [count for _, count, _ in seen]
    assert np.all(np.diff([0, *(step.evaluations for step in result.steps)]) > 0)
    assert np.all(np.diff([0, *(step.seconds for step in result.steps)]) > 0)
    assert result.stopped == "finished"
    for step, _, best in seen:
        lowest = min(other.losses.total for other in result.steps[: step.step])
        assert objective.total(best) == pytest.approx(lowest, rel=1e-4)


def test_l_bfgs_at_the_minimum_ends_early():
    result = train([phase(Bowl(steep=1.0))], START)
    assert result.stopped == "converged" and 1 <= len(result.steps) < 8
    np.testing.assert_allclose(result.image, 100, atol=1e-3)
    at_the_minimum = train([phase(Bowl())], np.full(SHAPE, 100, np.float32))
    assert at_the_minimum.stopped == "converged" and len(at_the_minimum.steps) <= 1
    np.testing.assert_allclose(at_the_minimum.image, 100, atol=1e-3)


def test_best_image_is_kept_when_adam_gets_worse():
    objective, shown = Bowl(steep=1.0), []
    result = train([phase(objective, Adam(15.0), until=12)], START, lambda step, image: shown.append(image.copy()))
    totals = [step.losses.total for step in result.steps]
    best = int(np.argmin(totals))
    assert 0 < best < len(totals) - 1 and totals[-1] > 2 * totals[best], "or there was nothing to keep"
    np.testing.assert_array_equal(result.image, objective.images[1 + best])  # the first is the start
    for image in shown[best:]:
        np.testing.assert_array_equal(image, result.image)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_interruption_from_the_callback_keeps_the_best_so_far(optimizer):
    def stop_at_3(step, image):
        if step.step == 3:
            raise KeyboardInterrupt

    result = train([phase(Bowl(), optimizer)], START, stop_at_3)
    uninterrupted = train([phase(Bowl(), optimizer, until=3)], START)
    assert result.stopped == "interrupted" and len(result.steps) == 3
    np.testing.assert_array_equal(result.image, uninterrupted.image)
    assert np.any(result.image != START)


def test_interruption_within_an_evaluation():
    assert train([phase(Bowl(broken={1: KeyboardInterrupt()}))], START).stopped == "interrupted"
    result = train([phase(Bowl(broken={4: KeyboardInterrupt()}), "adam")], START)
    assert result.stopped == "interrupted" and len(result.steps) == 2
    np.testing.assert_allclose(result.image, 120, atol=0.1)  # two steps of 4 levels down from 128


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ({"content": NAN, "total": NAN}, "the content loss became nan at evaluation 5"),
        ({"style": INFINITY, "total": INFINITY}, "the style loss became inf at evaluation 5"),
        ({"tv": -INFINITY}, "the tv loss became -inf at evaluation 5"),
        ({"total": INFINITY}, "the total loss became inf at evaluation 5"),
        ({"gradient": NAN}, "the gradient was no longer finite at evaluation 5"),
    ],
)
def test_loss_that_breaks_in_the_middle(optimizer, what, cause):
    shown = []
    result = train([phase(Bowl(broken={5: what}), optimizer)], START, lambda step, image: shown.append(step))
    assert result.stopped == cause
    assert 1 <= len(result.steps) <= 3 and shown == result.steps
    assert np.isfinite(result.image).all() and np.any(result.image != START)
    assert Bowl().total(result.image) == pytest.approx(min(step.losses.total for step in shown), rel=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_loss_that_is_broken_from_the_start(optimizer):
    result = train([phase(Bowl(broken={1: {"style": NAN}}), optimizer)], START)
    assert result.stopped == "the style loss became nan at evaluation 1" and result.steps == []
    np.testing.assert_array_equal(result.image, START)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_same_call_same_bytes(weights, image, waves, optimizer):
    job = job_of(image, waves, optimizer, iterations=6)
    first, second = (Session(weights, float("inf")).run(job) for _ in range(2))
    assert first.image.tobytes() == second.image.tobytes()
    assert [step.losses for step in first.steps] == [step.losses for step in second.steps]
    assert len(first.steps) == 6 and np.any(first.image != image)


def test_an_end_before_the_last_step_is_called_converged():
    result = train([phase(Bowl(), until=500)], START)
    assert len(result.steps) < 500 and result.stopped == "converged"


def test_a_start_that_every_step_makes_worse_stays():
    result = train([phase(Bowl(steep=1.0), Adam(90.0), until=2)], np.full(SHAPE, 101, np.float32))
    assert all(step.losses.total > 60 for step in result.steps), "the start's is 30"
    np.testing.assert_array_equal(result.image, 101)


class SlowBowl(Bowl):
    """It takes 1000 s to prepare, 500 s more at its first evaluation, and a second for each pixel."""

    def __init__(self, clock, **settings):
        super().__init__(**settings)
        self.clock = clock

    def prepared(self):
        self.clock[0] += 1000
        return self

    def __call__(self, image):
        self.clock[0] += image.shape[0] * image.shape[1] + (0 if self.images else 500)
        return super().__call__(image)


@pytest.mark.parametrize("optimizer", ["adam", "l-bfgs"])
def test_time_left_counts_pixels_and_nothing_that_is_done_once(monkeypatch, optimizer):
    """So it does not jump where a precision or a size begins: 8 steps of 20 pixels, then 8 of 16 with a margin of 2."""
    clock, phases = [0.0], []
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    for shape, margin, wide in (((4, 5, 3), 0, (4, 5, 3)), ((4, 4, 3), 2, (8, 8, 3))):
        for until, precision in ((6, "bfloat16"), (8, "float32")):
            bowl = SlowBowl(clock, shape=wide)
            one = phase(bowl, optimizer, until, precision, shape)
            phases.append(replace(one, build_objective=bowl.prepared, margin=margin))
    result = train(phases, START)
    assert len(result.steps) == 16 and (result.steps[0].evaluations > 2) == (optimizer == "l-bfgs")
    for step in result.steps:
        small, large = max(0, 8 - step.step), min(8, 16 - step.step)
        assert step.left == pytest.approx(20 * small + 64 * large)
