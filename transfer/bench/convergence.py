"""How soon each variant of the optimiser reaches the loss of the reference: float32 with SciPy's L-BFGS-B.

The losses compared are all computed in float32, whatever a run itself computed in: of some images on its way, which
are kept with the time at which they were there.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from transfer.inputs.files import SAMPLE, Files
from transfer.inputs.pictures import load
from transfer.precision import precisions
from transfer.recipe.ours import DEFAULT
from transfer.session import Job, Session
from transfer.train import Phase, Step, train
from vgg.matfile.read import Weights
from vgg.network import Precision

KEEP_EVERY = 3  # steps


class Variant(NamedTuple):
    """One way to minimise the same loss."""

    name: str
    precision: Precision
    optimizer: str
    scales: tuple[int, ...] = ()


VARIANTS = (
    Variant("float32, SciPy's L-BFGS-B", "float32", "l-bfgs"),
    Variant("float32, Adam", "float32", "adam"),
    Variant("float32, unit steps", "float32", "l-bfgs-unit"),
    Variant("bfloat16, unit steps", "bfloat16", "l-bfgs-unit"),
    Variant("bfloat16, unit steps, coarse to fine", "bfloat16", "l-bfgs-unit", (64, 128)),
)
STEPS = 150
#: Of all but the reference: one that is 0.1 % above at the end would otherwise be "not reached", which says nothing.
MORE_STEPS = 170
#: At each coarser size: enough for the large forms, and with the two sizes together as long as 13 steps at the last.
COARSE_STEPS = 40


def run(variant: Variant, sessions: dict[str, Session], job: Job) -> list[tuple[float, int, np.ndarray]]:
    """Train, and return (seconds, evaluations, image) of every third step at the final size."""
    job = replace(job, recipe=replace(job.recipe, optimizer=variant.optimizer, scales=variant.scales))
    session, kept = sessions[variant.precision], []
    phases, final = session.phases(job), job.pictures.content_image.shape[:2]
    phases = [phase if (phase.height, phase.width) == final else _coarse(phase) for phase in phases]
    for phase in phases:  # compiled once, outside the time
        phase.build_objective()(np.zeros((phase.height, phase.width, 3), np.float32))

    def keep(step: Step, image: np.ndarray) -> None:
        if step.size == max(final) and step.step % KEEP_EVERY == 0:
            kept.append((step.seconds, step.evaluations, image.copy()))

    train(phases, session.start(job), keep)
    return kept


def _coarse(phase: Phase) -> Phase:
    return replace(phase, until=phase.until * COARSE_STEPS // MORE_STEPS)


def report(weights: Weights, size: int) -> Iterator[str]:
    """Yield the lines of the table, for a start from the content image and one from noise."""
    sessions = {precision: Session(weights, float("inf"), precision) for precision in precisions()}
    for init in ("content", "noise"):
        recipe = replace(DEFAULT, init=init, iterations=STEPS, scales=(), size=size, margin=0)
        job = Job(recipe, load(Files(SAMPLE, SAMPLE), recipe))
        exact = sessions["float32"].objective(recipe, job.pictures)
        yield f"From {init}, {size} pixels: the time to the float32 loss that the first reaches after {STEPS} steps"
        goal, reference = 0.0, 0.0
        for variant in (variant for variant in VARIANTS if variant.precision in sessions):
            longer = replace(job, recipe=replace(recipe, iterations=MORE_STEPS))
            kept = run(variant, sessions, longer if goal else job)
            losses = np.array([exact(image)[0].total for _, _, image in kept])
            if not goal:
                goal, reference = losses[-1], kept[-1][0]
            reached = np.flatnonzero(losses <= goal)
            if not len(reached):
                yield f"{variant.name:38} {losses.min():.5f} after {kept[-1][0]:6.1f} s: not reached"
                continue
            seconds, evaluations, _ = kept[reached[0]]
            yield (
                f"{variant.name:38} {losses[reached[0]]:.5f} after {seconds:6.1f} s, {evaluations:3} evaluations: "
                f"{reference / seconds:4.2f} times as soon; at its end {losses.min():.5f}"
            )
