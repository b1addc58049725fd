"""What the command line shows of a run, with a clock that we turn by hand, and what it says before the run."""

import io
import math
import os
from dataclasses import replace

import numpy as np
import pytest

from transfer import memory as estimate
from transfer.command.watchers import describe
from transfer.recipe.ours import DEFAULT
from transfer.train import Step
from vgg.console.progress import duration, plain_lines, steps_display
from vgg.layers import LAYERS


def step(number: int, left: float = 1.0, tv: float = 0.0) -> Step:
    return Step(number, number + 2, 1.0, content=0.25, style=1234.5678, tv=tv, total=1234.8178 + tv, left=left)


def numbers_shown(steps: int, every: float) -> list[int]:
    """Which of `steps` steps, `every` seconds apart, get a line."""
    out, now = io.StringIO(), [0.0]
    show = plain_lines(out, steps, describe, clock=lambda: now[0])
    for number in range(1, steps + 1):
        now[0] += every
        show(step(number))
    lines = out.getvalue().splitlines()
    assert all(f"/{steps}  loss 1235  content 0.25  style 1235  " in line for line in lines)
    return [int(line.removeprefix("step ").split("/")[0]) for line in lines]


@pytest.mark.parametrize(
    ("steps", "every", "expected"),
    [
        (100, 0.01, [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (25, 0.01, [1, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25]),  # the first at or after each tenth
        (4, 0.01, [1, 2, 3, 4]),
        (1, 0.01, [1]),
        (12, 60, list(range(1, 13))),
        # A tenth starts the ten seconds anew, and every third step after it they are over.
        (100, 4, [1, 4, 7, *(tenth + more for tenth in range(10, 100, 10) for more in (0, 3, 6, 9)), 100]),
    ],
)
def test_plain_lines_come_at_every_tenth_and_every_ten_seconds(steps, every, expected):
    assert numbers_shown(steps, every) == expected


def test_time_left_is_shown():
    out = io.StringIO()
    plain_lines(out, 40, describe)(step(10, left=150.0))
    assert out.getvalue() == "step 10/40  loss 1235  content 0.25  style 1235  2 min 30 s left\n"


def test_total_variation_is_shown_where_there_is_one():
    assert describe(step(1)) == "loss 1235  content 0.25  style 1235"
    assert describe(step(1, tv=1000.0)) == "loss 2235  content 0.25  style 1235  tv 1000"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (75, "1 min 15 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (2 * 3600 + 5 * 60 + 59, "2 h 05 min"),
        (100 * 3600, "100 h 00 min"),
    ],
)
def test_duration(seconds, words):
    assert duration(seconds) == words


def test_a_terminal_gets_a_bar_and_a_file_gets_lines(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    for is_terminal in (True, False):
        out = io.StringIO()
        out.isatty = lambda answer=is_terminal: answer
        with steps_display(out, 4, describe) as show:
            show(step(1))
            show(step(4))
        assert ("━" in out.getvalue()) == is_terminal
        assert ("step 4/4" in out.getvalue()) != is_terminal
        assert "4/4" in out.getvalue() and "loss 1235  content 0.25" in out.getvalue()


def test_seconds_per_evaluation_leave_out_the_first_which_compiles(monkeypatch):
    now, durations = [100.0], iter([9.0, 2.0])

    def objective(image):
        now[0] += next(durations)

    monkeypatch.setattr(estimate.time, "perf_counter", lambda: now[0])
    assert estimate.seconds_per_evaluation(objective, np.zeros((16, 16, 3))) == 2.0


def peak(weights, name, height, width, **recipe):
    """For one layer, without what normalising the network takes at least, so that maps of small pictures show."""
    recipe = replace(DEFAULT, content_layers=((name, 1.0),), style_layers=(), normalized_network=False, **recipe)
    return estimate.peak_bytes(weights, recipe, height, width)


def test_memory_grows_with_the_area_of_the_picture_and_the_depth_of_the_layers(weights):
    """What does not depend on the picture drops out of differences; four times the area has four times the maps."""
    sides = [peak(weights, "relu4_2", side, side) for side in (64, 128, 256)]
    assert sides[2] - sides[1] == pytest.approx(4 * (sides[1] - sides[0]))
    by_depth = [peak(weights, layer.name, 64, 64) for layer in LAYERS]
    assert by_depth == sorted(set(by_depth))
    assert peak(weights, "relu5_1", 64, 48) == peak(weights, "relu5_1", 48, 64)


def test_memory_of_the_recipe(weights):
    adam = peak(weights, "relu1_1", 64, 48, optimizer="adam")
    pairs = 2 * 20 * 64 * 48 * 3 * 8  # L-BFGS remembers 20 steps and gradient changes, in double precision
    assert pairs < peak(weights, "relu1_1", 64, 48) - adam < 1.5 * pairs
    assert estimate.peak_bytes(weights, DEFAULT, 64, 48) > estimate.BASE_BYTES + 0.1e9, (
        "normalising takes that much, however small it is"
    )


@pytest.mark.parametrize(
    ("deeper", "name", "numbers"),
    [("relu1_1", "conv1_1", 65 * 49 * 4), ("pool1", "relu1_2", 33 * 25 * 5), ("pool2", "relu2_2", 17 * 13 * 7)],
)
def test_memory_of_a_layer_is_a_share_of_its_float32_maps(weights, deeper, name, numbers):
    """One more map of 65 × 49 positions, halved and rounded up at each pool, of 4, 5 or 7 channels."""
    more = peak(weights, deeper, 65, 49) - peak(weights, name, 65, 49)
    assert more == pytest.approx(estimate.SHARE_OF_MAPS * 4 * numbers)


def test_free_memory_is_known_or_without_limit(monkeypatch):
    assert 1e8 < estimate.free_bytes() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 1.1
    monkeypatch.setattr(estimate.Path, "read_text", lambda path: (_ for _ in ()).throw(FileNotFoundError(path)))
    assert estimate.free_bytes() == math.inf
