"""Coarse to fine: which sizes are passed through, how steps are counted, and what is kept when one is stopped."""

import json
from dataclasses import replace

import numpy as np
import pytest

from transfer.coarse_to_fine import paint, scales_of
from transfer.inputs.pictures import Pictures
from transfer.recipe.ours import DEFAULT
from transfer.train import Result, Step
from transfer_command import prepare


def pictures_of(content: tuple[int, int], style: tuple[int, int], with_start: bool = True) -> Pictures:
    y, x = np.mgrid[: content[0], : content[1]]
    image = np.stack([255 * x / content[1], 255 * y / content[0], 0 * x], axis=-1).astype(np.uint8)
    return Pictures(image, np.zeros((*style, 3), np.uint8), image if with_start else None, ())


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


class Trainer:
    """Takes three steps of two evaluations and two seconds a size, brightening the image by 10; or what it is told."""

    def __init__(self, **stopped):
        self.starts, self.stopped = [], stopped

    def __call__(self, scale, start, callback):
        self.starts.append(start)
        name = f"size{len(self.starts)}"
        steps = 1 if name in self.stopped else 3
        result = Result(np.clip(start + 10, 0, 255), best_step=steps, stopped=self.stopped.get(name, "finished"))
        for number in range(1, steps + 1):
            left = 2.0 * (3 - number)
            result.steps.append(
                Step(number, 2 * number, 2.0 * number, 1.0, 2.0, 0.0, 3.0, {}, max(start.shape[:2]), left)
            )
            callback(result.steps[-1], result.image)
        return result


SCALES = scales_of(pictures_of((120, 160), (160, 160)), replace(DEFAULT, scales=(40, 80)))


def test_steps_are_counted_through():
    seen, trainer = [], Trainer()
    result = paint(SCALES, 3, np.full((30, 40, 3), 100, np.float32), trainer, seen.append)
    assert seen == result.steps
    assert [step.step for step in seen] == list(range(1, 10))
    assert [step.evaluations for step in seen] == [2 * number for number in range(1, 10)]
    assert [step.seconds for step in seen] == [2.0 * number for number in range(1, 10)]
    assert [step.size for step in seen] == 3 * [40] + 3 * [80] + 3 * [160]
    # At first: two steps of 2 s, and three evaluations of 1 s each on four and on sixteen times the pixels.
    assert seen[0].left == pytest.approx(4 + 3 * 4 + 3 * 16)
    assert seen[3].left == pytest.approx(4 + 3 * 4) and seen[-1].left == 0
    assert result.stopped == "finished" and result.best_step == 9


def test_each_size_starts_from_the_enlarged_result_before():
    """The content is a slope of colour, which enlarging keeps but for the rounding at its edges."""
    trainer = Trainer()
    start = SCALES[0].content_image.astype(np.float32)
    result = paint(SCALES, 3, start, trainer)
    assert [image.shape for image in trainer.starts] == [(30, 40, 3), (60, 80, 3), (120, 160, 3)]
    for number, image in enumerate(trainer.starts):
        inside = np.clip(SCALES[number].content_image.astype(np.float32) + 10 * number, 0, 255) - image
        assert np.abs(inside[5:-5, 5:-5]).max() < 4
    assert result.image.shape == (120, 160, 3)
    np.testing.assert_array_equal(result.image, np.clip(trainer.starts[-1] + 10, 0, 255))


def test_bicubic_overshoot_is_clipped():
    checks = np.zeros((30, 40, 3), np.float32)
    checks[:, 20:] = 245
    trainer = Trainer()
    paint(SCALES, 3, checks, trainer)
    assert all(image.min() >= 0 and image.max() <= 255 for image in trainer.starts)


@pytest.mark.parametrize("why", ["interrupted", "the style loss became nan at evaluation 3"])
def test_stopped_on_the_way_keeps_the_best_at_the_final_size(why):
    trainer = Trainer(size2=why)
    result = paint(SCALES, 3, np.full((30, 40, 3), 100, np.float32), trainer)
    assert len(trainer.starts) == 2 and result.stopped == why
    assert len(result.steps) == 4 and result.best_step == 4
    np.testing.assert_allclose(result.image, np.full((120, 160, 3), 120), atol=1e-3)


def test_where_a_small_size_can_do_no_better_the_next_goes_on():
    trainer = Trainer(size1="converged")
    result = paint(SCALES, 3, np.full((30, 40, 3), 100, np.float32), trainer)
    assert len(trainer.starts) == 3 and result.stopped == "finished" and len(result.steps) == 7


def test_the_command(tmp_path, capfd):
    from transfer.__main__ import main

    assert main([*prepare(tmp_path), "--size", "64", "--scales", "32,40"]) == 0
    steps = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["steps"]
    assert [step["size"] for step in steps] == 5 * [32] + 5 * [40] + 5 * [64]
    assert [step["step"] for step in steps] == list(range(1, 16))
    assert "left" not in steps[0], "a forecast is not a result"
    out = capfd.readouterr().out
    assert "\n5 steps of l-bfgs-unit at each of 32, 40, 64 pixels: about " in out and "\nstep 15/15  " in out
