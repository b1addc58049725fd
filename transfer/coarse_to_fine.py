"""Coarse to fine: the picture is painted small first, and what came out, enlarged, is where the next size starts.

A layer sees a fixed number of pixels, so in a large picture it knows small strokes only, and steps that change a
large form must pass through many pixels. On a small picture both are reversed, and an evaluation costs a fraction.
Gatys et al. make their large pictures so in "Controlling Perceptual Factors in Neural Style Transfer", CVPR 2017.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from transfer.inputs.pictures import Pictures
from transfer.recipe.choices import Recipe
from transfer.train import Result, Step
from vgg.image.file import resize, resize_to
from vgg.layers import SMALLEST_SIDE

#: The last size passed through is at most this share of the final one; a closer one would not be worth its steps.
LARGEST_SHARE = 0.75


def scales_of(pictures: Pictures, recipe: Recipe) -> list[Pictures]:
    """The pictures at each size, from the coarsest to their own; content and style shrink by the same factor."""
    sides = (*pictures.content_image.shape[:2], *pictures.style_image.shape[:2])
    factors = [size / max(sides[:2]) for size in sorted(recipe.scales)]
    smaller = [factor for factor in factors if SMALLEST_SIDE / min(sides) <= factor <= LARGEST_SHARE]
    return [*(_shrunk(pictures, factor) for factor in smaller), pictures]


def _shrunk(pictures: Pictures, factor: float) -> Pictures:
    content_image, style_image = (
        resize(image, round(factor * max(image.shape[:2]))) for image in (pictures.content_image, pictures.style_image)
    )
    init_image = pictures.init_image
    if init_image is not None:
        init_image = resize_to(init_image, *content_image.shape[:2])
    return replace(pictures, content_image=content_image, style_image=style_image, init_image=init_image)


class TrainAt(Protocol):
    """`transfer.train.train` with the objective of one of the sizes."""

    def __call__(self, number: int, start: np.ndarray, callback: Callable[[Step, np.ndarray], None]) -> Result:
        """Start at `start`, which has the size that comes `number` after the coarsest."""


def paint(
    scales: Sequence[Pictures],
    iterations: int,
    start: np.ndarray,
    train_at: TrainAt,
    callback: Callable[[Step], None] = lambda step: None,
) -> Result:
    """Train at each of `scales`, one after the other, for `iterations` steps each.

    Steps, evaluations and seconds are counted through. The image returned has the last scale's size, also if the run
    was stopped before it came there.
    """
    pixels = [scale.content_image.shape[0] * scale.content_image.shape[1] for scale in scales]
    whole, image = Result(start), start
    for number in range(len(scales)):
        before = whole.steps[-1] if whole.steps else Step(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
        later = iterations * sum(pixels[number + 1 :]) / pixels[number]  # in evaluations of this scale

        def count_through(step: Step, before: Step = before, later: float = later) -> Step:
            return replace(
                step,
                step=before.step + step.step,
                evaluations=before.evaluations + step.evaluations,
                seconds=before.seconds + step.seconds,
                left=step.left + later * step.seconds / step.evaluations,
            )

        result = train_at(number, image, lambda step, _, count=count_through: callback(count(step)))
        whole.steps += map(count_through, result.steps)
        whole.stopped, whole.best_step = result.stopped, before.step + result.best_step
        if result.stopped not in ("finished", "converged") or number == len(scales) - 1:
            break
        image = np.clip(resize_to(result.image, *scales[number + 1].content_image.shape[:2]), 0, 255)
    whole.image = np.clip(resize_to(result.image, *scales[-1].content_image.shape[:2]), 0, 255)
    return whole
