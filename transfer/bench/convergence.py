"""How soon each optimiser and number type reaches the loss of the plain way: float32 with SciPy's L-BFGS-B.

The losses compared are all computed in float32, whatever a run itself computed in: of some pictures on its way, which
are kept with the time at which they were there.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from transfer.coarse_to_fine import paint, scales_of
from transfer.inputs.pictures import Pictures, load, start_image
from transfer.objective.whole import Objective
from transfer.recipe.choices import Recipe
from transfer.recipe.ours import DEFAULT
from transfer.session import objectives_for
from transfer.train import Result, Step, train
from vgg.matfile.read import Weights
from vgg.network import VGG19

KEEP_EVERY = 3  # steps


class Way(NamedTuple):
    """One way to minimise the same loss."""

    name: str
    precision: str
    optimizer: str
    scales: tuple[int, ...] = ()


WAYS = (
    Way("float32, SciPy's L-BFGS-B", "float32", "l-bfgs"),
    Way("float32, Adam", "float32", "adam"),
    Way("float32, unit steps", "float32", "l-bfgs-unit"),
    Way("bfloat16, unit steps", "bfloat16", "l-bfgs-unit"),
    Way("bfloat16, unit steps, coarse to fine", "bfloat16", "l-bfgs-unit", (64, 128)),
)
STEPS = 150
#: Of the others: a hair's breadth behind at the end would otherwise be "not reached", and say nothing of the time.
MORE_STEPS = 170
#: At each coarser size: enough for the large forms, and with the two sizes together as long as 13 steps at the last.
COARSE_STEPS = 40


def run(way: Way, weights: Weights, pictures: Pictures, recipe: Recipe) -> list[tuple[float, int, np.ndarray]]:
    """Train, and return (seconds, evaluations, picture) of every third step at the final size."""
    recipe = replace(recipe, optimizer=way.optimizer, scales=way.scales)
    scales, kept = scales_of(pictures, recipe), []
    spent = [0.0, 0]

    def train_at(number: int, start: np.ndarray, callback: Callable[[Step, np.ndarray], None]) -> Result:
        here = recipe if number == len(scales) - 1 else replace(recipe, iterations=COARSE_STEPS)
        work = objectives_for(scales[number], here, weights, way.precision, float("inf"))
        for objective in filter(None, (work.exact, work.draft)):
            objective(start)  # compiled once, outside the time

        def keep(step: Step, image: np.ndarray) -> None:
            if number == len(scales) - 1 and step.step % KEEP_EVERY == 0:
                kept.append((spent[0] + step.seconds, spent[1] + step.evaluations, image.copy()))

        result = train(work.exact, start, keep, work.draft)
        spent[0] += result.steps[-1].seconds
        spent[1] += result.steps[-1].evaluations
        return result

    start = start_image(scales[0], weights.mean_rgb, 0, recipe.noise, recipe.noise_share)
    paint(scales, recipe.iterations, start, train_at)
    return kept


def report(weights: Weights, size: int) -> Iterator[str]:
    """The lines of the table, for a start from the content image and one from noise."""
    for init in ("content", "noise"):
        recipe = replace(DEFAULT, init=init, iterations=STEPS, scales=())
        pictures = load("sample", "sample", init, size)
        judge = Objective(VGG19(weights, recipe.pooling), pictures.content_image, pictures.style_image, recipe)
        yield f"From {init}, {size} pixels: the time to the float32 loss that the first reaches after {STEPS} steps"
        goal, reference = 0.0, 0.0
        for way in WAYS:
            kept = run(way, weights, pictures, replace(recipe, iterations=MORE_STEPS) if goal else recipe)
            losses = np.array([judge(image)[0].total for _, _, image in kept])
            if not goal:
                goal, reference = losses[-1], kept[-1][0]
            reached = np.flatnonzero(losses <= goal)
            if not len(reached):
                yield f"{way.name:38} {losses.min():.5f} after {kept[-1][0]:6.1f} s: not reached"
                continue
            seconds, evaluations, _ = kept[reached[0]]
            yield (
                f"{way.name:38} {losses[reached[0]]:.5f} after {seconds:6.1f} s, {evaluations:3} evaluations: "
                f"{reference / seconds:4.2f} times as soon; at its end {losses.min():.5f}"
            )
