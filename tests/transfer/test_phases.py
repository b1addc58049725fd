"""Runs of several phases: another precision, another size, and interruptions anywhere between them."""

import gc
import weakref

import numpy as np
import pytest

from bowl import OPTIMIZERS, SHAPE, START, Bowl, phase
from transfer.train import Phase, train

LARGE = (8, 10, 3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_losses_of_two_precisions_are_never_compared(optimizer):
    """The low-precision loss is far too low. Its last image must not look better than all that float32 finds."""
    low, exact = Bowl(), Bowl()
    low.curvatures = low.curvatures * 1e-6
    result = train([phase(low, optimizer, 20, "bfloat16"), phase(exact, optimizer, 40)], START)
    assert [step.precision for step in result.steps] == ["bfloat16"] * 20 + ["float32"] * 20
    totals = [step.losses.total for step in result.steps]
    assert min(totals[:20]) < min(totals[20:]) or totals[-1] < 1e-9, "or nothing was tempting"
    assert result.precision == "float32" and result.losses.total == min(totals[20:])
    assert exact.total(result.image) == pytest.approx(min(totals[20:]), rel=1e-4)


def test_the_exact_phase_goes_on_from_the_best_image():
    """Its first evaluation is at the image with the lowest low-precision loss, not at the last one."""
    low, exact = Bowl(steep=1.0), Bowl(steep=1.0)
    result = train([phase(low, "adam", 12, "bfloat16"), phase(exact, "adam", 13)], START)
    totals = [step.losses.total for step in result.steps[:12]]
    best = int(np.argmin(totals))
    assert best < 11, "or best and last are the same"
    np.testing.assert_array_equal(exact.images[0], low.images[1 + best])


def test_where_nothing_can_be_better_than_the_start_it_stays():
    """The start is a minimum of both, and the low precision is wrong about every other image."""
    start = np.full(SHAPE, 100, np.float32)
    wrong = {"total": 0.0, "content": 0.0, "style": 0.0}
    lies = Bowl(broken=dict.fromkeys(range(2, 100), wrong))
    for optimizer in OPTIMIZERS:
        result = train([phase(lies, optimizer, 9, "bfloat16"), phase(Bowl(), optimizer, 10)], start)
        np.testing.assert_array_equal(result.image, start)


@pytest.mark.parametrize("gradient", [0.0, -1.0])
def test_where_the_low_precision_stands_still_float32_takes_all_steps_left(gradient):
    """From its fourth evaluation on the loss is flat, or the gradient leads only uphill: neither is the end."""
    flat = {"total": 5.0 if gradient == 0 else 1e12, "gradient": gradient}
    low, exact = Bowl(broken=dict.fromkeys(range(4, 100), flat)), Bowl()
    result = train([phase(low, "l-bfgs-unit", 27, "bfloat16"), phase(exact, "l-bfgs-unit", 30)], START)
    assert result.stopped == "finished" and [step.step for step in result.steps] == list(range(1, 31))
    assert sum(step.precision == "float32" for step in result.steps) > 20
    assert exact.total(result.image) < 1e-3 * exact.total(START)


def test_at_the_floor_of_a_precision_the_next_phase_takes_over():
    floor = 1e-3 * Bowl().total(START)
    low, exact = Bowl(floor=floor), Bowl()
    result = train([phase(low, "l-bfgs-unit", 90, "bfloat16"), phase(exact, "l-bfgs-unit", 100)], START)
    in_low = [step.losses.total for step in result.steps if step.precision == "bfloat16"]
    assert 1 <= len(in_low) < 90 and in_low[-1] <= floor < in_low[-2]
    assert len(result.steps) > 90 or result.stopped == "converged"


def test_what_was_learned_of_the_curvature_stays():
    """Curvatures from 1 to 1000 take many steps to learn. A phase that knew none would be far behind."""
    through = train([phase(Bowl(), "l-bfgs-unit", 40)], START)
    in_two = train([phase(Bowl(), "l-bfgs-unit", 20, "bfloat16"), phase(Bowl(), "l-bfgs-unit", 40)], START)
    np.testing.assert_allclose(in_two.image, through.image, atol=0.01)


@pytest.mark.parametrize("optimizer", ["adam", "l-bfgs-unit"])
def test_only_one_objective_is_in_memory(optimizer):
    built = []

    def build() -> Bowl:
        gc.collect()
        assert all(objective() is None for objective in built)
        objective = Bowl()
        built.append(weakref.ref(objective))
        return objective

    phases = [Phase(*SHAPE[:2], build, OPTIMIZERS[optimizer], until) for until in (2, 4, 6)]
    assert len(train(phases, START).steps) == 6 and len(built) == 3


def test_sizes_follow_each_other():
    small, large = Bowl(steep=10.0), Bowl(steep=10.0, shape=LARGE)
    result = train([phase(small, until=3), phase(large, until=5, shape=LARGE)], START)
    assert [step.size for step in result.steps] == [5] * 3 + [10] * 5
    assert [step.step for step in result.steps] == list(range(1, 9))
    assert np.all(np.diff([step.evaluations for step in result.steps]) > 0)
    assert result.image.shape == LARGE and large.images[0].shape == LARGE
    mean_before = small.images[-1].mean()
    assert abs(large.images[0].mean() - mean_before) < 3, "the second begins where the first ended, enlarged"


@pytest.mark.parametrize("where", ["in the watcher", "while the next is built", "at its first evaluation"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_interruption_between_two_sizes_keeps_the_picture(where, optimizer):
    def stop_at_3(step, image):
        if where == "in the watcher" and step.step == 3:
            raise KeyboardInterrupt

    def build() -> Bowl:
        if where == "while the next is built":
            raise KeyboardInterrupt
        return Bowl(shape=LARGE, broken={1: KeyboardInterrupt()})

    later = Phase(LARGE[0], LARGE[1], build, OPTIMIZERS[optimizer], 5)
    result = train([phase(Bowl(), optimizer, until=3), later], START, stop_at_3)
    alone = train([phase(Bowl(), optimizer, until=3)], START)
    assert result.stopped == "interrupted" and len(result.steps) == 3 and result.image.shape == LARGE
    assert np.abs(result.image.mean() - alone.image.mean()) < 0.5
    assert result.losses is None or where == "in the watcher", "nothing is known of the enlarged image"


def test_after_an_interruption_no_losses_are_claimed_for_an_enlarged_image():
    def stop(step, image):
        raise KeyboardInterrupt

    result = train([phase(Bowl(), until=3), phase(Bowl(shape=LARGE), until=3, shape=LARGE)], START, stop)
    assert result.image.shape == LARGE and result.losses is None
