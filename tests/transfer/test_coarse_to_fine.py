"""Coarse to fine: which sizes are passed through, how steps are counted, and what is kept when one is stopped."""

import json
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from transfer.__main__ import main
from transfer.files import Files
from transfer.inputs import Images
from transfer.losses import Losses
from transfer.recipes import DEFAULT
from transfer.sizes import scales_of
from transfer.train import NonFiniteLoss, Phase, train
from transfer_command import prepare


def pictures_of(content: tuple[int, int], style: tuple[int, int], with_start: bool = True) -> Images:
    y, x = np.mgrid[: content[0], : content[1]]
    image = np.stack([255 * x / content[1], 255 * y / content[0], 0 * x], axis=-1).astype(np.uint8)
    return Images(image, (np.zeros((*style, 3), np.uint8),), image if with_start else None, Files("a.png", "b.png"))


def sizes_of(content, style, scales) -> list[tuple]:
    recipe = replace(DEFAULT, scales=scales)
    return [
        (each.content_image.shape[:2], each.style_image.shape[:2])
        for each in scales_of(pictures_of(content, style), recipe)
    ]


def test_both_pictures_shrink_by_the_same_factor():
    """So that the style's strokes keep their size against the content's things."""
    assert sizes_of((120, 160), (200, 100), (40, 80)) == [
        ((30, 40), (50, 25)),
        ((60, 80), (100, 50)),
        ((120, 160), (200, 100)),
    ]


@pytest.mark.parametrize(
    ("scales", "expected"),
    [
        ((), [160]),
        ((80, 40), [40, 80, 160]),  # always from the coarsest
        ((120, 121, 160, 500), [120, 160]),  # at most three quarters of the final size
        ((80, 80, 40, 80), [40, 80, 160]),  # each once
        ((21, 22, 80), [22, 80, 160]),  # the network needs 16 pixels on the shorter side too, here 120/160 of it
    ],
)
def test_which_sizes_are_passed_through(scales, expected):
    assert [max(content) for content, _ in sizes_of((120, 160), (160, 160), scales)] == expected


def test_a_narrow_style_picture_keeps_its_sixteen_pixels():
    assert [content for content, _ in sizes_of((160, 160), (160, 32), (60, 80))] == [(80, 80), (160, 160)]


def test_the_start_picture_shrinks_with_the_content():
    small, _ = scales_of(pictures_of((120, 160), (60, 60)), replace(DEFAULT, scales=(80,)))
    np.testing.assert_array_equal(small.init_image, small.content_image)
    noise = scales_of(pictures_of((120, 160), (60, 60), with_start=False), replace(DEFAULT, scales=(80,)))
    assert [each.init_image for each in noise] == [None, None]


class Brightening:
    """An optimiser whose steps brighten the image by 10 with two evaluations.

    `stops` says for a size (1, 2, 3) what happens in its second step: an exception, or no lower loss is found.
    """

    def __init__(self, stops: dict[int, object]) -> None:
        self.starts, self.befores, self.stops = [], [], stops

    def start(self, evaluate, image, before=None):
        self.starts.append(image)
        self.befores.append(before)
        return State(image, evaluate(image)[0])

    def step(self, evaluate, state):
        stop = self.stops.get(len(self.starts)) if state.number == 1 else None
        if isinstance(stop, BaseException):
            raise stop
        if stop:
            return None
        image = np.clip(state.image + 10, 0, 255)
        evaluate(image)
        return State(image, evaluate(image)[0], state.number + 1)

    def end(self, state):
        pass


class State(NamedTuple):
    """Where `Brightening` is."""

    image: np.ndarray
    losses: Losses
    number: int = 0


class Brightness:
    """The brighter, the lower the loss; an evaluation takes a second for 1200 pixels."""

    floor = -np.inf

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock

    def __call__(self, image):
        self.clock[0] += image.shape[0] * image.shape[1] / 1200
        total = 1000.0 - float(image.mean())
        return Losses(total, {"content": total}, {}), np.zeros_like(image)


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [50.0]
    monkeypatch.setattr("transfer.train.time.perf_counter", lambda: now[0])
    return now


SCALES = scales_of(pictures_of((120, 160), (160, 160)), replace(DEFAULT, scales=(40, 80)))


def phases_of(optimizer, clock=None, steps=3) -> list[Phase]:
    """Phases of 30 × 40, 60 × 80 and 120 × 160 pixels."""
    objective = Brightness(clock or [0.0])
    sizes = [scale.content_image.shape[:2] for scale in SCALES]
    return [Phase(*size, lambda: objective, optimizer, steps) for size in sizes]


def test_steps_are_counted_through(clock):
    seen = []
    result = train(
        phases_of(Brightening({}), clock), np.full((30, 40, 3), 100, np.float32), lambda s, _: seen.append(s)
    )
    assert seen == result.steps
    assert [step.step for step in seen] == list(range(1, 10))
    assert [step.evaluations for step in seen] == [3, 5, 7, 10, 12, 14, 17, 19, 21], "one where each size starts"
    assert [step.seconds for step in seen] == [3, 5, 7, 19, 27, 35, 83, 115, 147]
    assert [step.size for step in seen] == 3 * [40] + 3 * [80] + 3 * [160]
    # An evaluation takes 1, 4 and 16 s, and nearly every step of a real optimiser takes one.
    assert seen[0].left == pytest.approx(2 + 3 * 4 + 3 * 16)
    assert seen[3].left == pytest.approx(2 * 4 + 3 * 16) and seen[-1].left == 0
    assert result.stopped == "finished" and result.best_step == 9


def test_each_size_starts_from_the_enlarged_result_before():
    """The content is a ramp of colour, which enlarging keeps but for the rounding at its edges."""
    optimizer = Brightening({})
    result = train(phases_of(optimizer, steps=1), SCALES[0].content_image.astype(np.float32))
    assert [image.shape for image in optimizer.starts] == [(30, 40, 3), (60, 80, 3), (120, 160, 3)]
    assert optimizer.befores == 3 * [None], "curvature has the image's size"
    for number, image in enumerate(optimizer.starts):
        inside = np.clip(SCALES[number].content_image.astype(np.float32) + 10 * number, 0, 255) - image
        assert np.abs(inside[5:-5, 5:-5]).max() < 4
    assert result.image.shape == (120, 160, 3)
    np.testing.assert_array_equal(result.image, np.clip(optimizer.starts[-1] + 10, 0, 255))


def test_bicubic_overshoot_is_clipped():
    checks = np.zeros((30, 40, 3), np.float32)
    checks[:, 20:] = 245
    optimizer = Brightening({})
    train(phases_of(optimizer), checks)
    assert all(image.min() >= 0 and image.max() <= 255 for image in optimizer.starts)


@pytest.mark.parametrize(
    ("stop", "why"),
    [(KeyboardInterrupt(), "interrupted"), (NonFiniteLoss("the style loss became nan"), "the style loss became nan")],
)
def test_stopped_on_the_way_keeps_the_best_at_the_final_size(stop, why):
    """In the second step of the second size."""
    optimizer = Brightening({2: stop})
    result = train(phases_of(optimizer), np.full((30, 40, 3), 100, np.float32))
    assert len(optimizer.starts) == 2 and result.stopped == why
    assert len(result.steps) == 4 and result.best_step == 4
    np.testing.assert_allclose(result.image, np.full((120, 160, 3), 140), atol=1e-3)
    assert result.losses is None, "those of the small image are not those of the enlarged one"


def test_where_a_small_size_can_do_no_better_the_next_goes_on():
    optimizer = Brightening({1: "converged"})
    result = train(phases_of(optimizer), np.full((30, 40, 3), 100, np.float32))
    assert len(optimizer.starts) == 3 and result.stopped == "finished" and len(result.steps) == 7


def test_the_command(tmp_path, capfd):
    assert main([*prepare(tmp_path), "--size", "64", "--scales", "32,40", "--verbose"]) == 0
    steps = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["steps"]
    assert [step["size"] for step in steps] == 5 * [32] + 5 * [40] + 5 * [64]
    assert [step["step"] for step in steps] == list(range(1, 16))
    assert "left" not in steps[0], "a forecast is not a result"
    out = capfd.readouterr().out
    assert "\n5 steps of l-bfgs-smooth at each of 32, 40, 64 pixels: about " in out and "\nstep 15/15  " in out


@pytest.mark.parametrize("scales", ["32,32", "32,64,64", "32"])
def test_a_size_that_is_named_twice_is_trained_once(tmp_path, scales):
    assert main([*prepare(tmp_path), "--quiet", "--size", "64", "--scales", scales]) == 0
    steps = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["steps"]
    assert [step["size"] for step in steps] == 5 * [32] + 5 * [64]
