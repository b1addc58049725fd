"""The training loop: from a start image to the image with the lowest loss.

The network stays as it is; what is trained is the image. A run is a list of *phases*, such as

    256 px  bfloat16  until step 72
    256 px  float32   until step 80
    512 px  bfloat16  until step 72
    512 px  float32   until step 80

where each begins with the best image of the one before, and steps are counted anew at each size (`transfer.session`
makes the list). The optimiser's memory passes on if the size stays the same. Losses never do: when a phase begins, loss
and gradient are evaluated afresh, so those of two objectives are never compared or subtracted.

Nothing here prints or writes. A watcher gets a `Step` and the best image after each step, and may show or save it. All
that changes is in a `Progress`; whoever keeps it can stop the run and go on later.
"""

from __future__ import annotations  # so that the loop can stand first

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from transfer.margin import kept
from transfer.progress import NonFiniteLoss, Progress, Result, Step
from transfer.term import Losses
from vgg.optimize.optimizer import Optimizer


def train(
    phases: Sequence[Phase], start: np.ndarray | Progress, watch: Watch | None = None, keep: Keep | None = None
) -> Result:
    """Go through the phases, beginning with the image `start`, (H, W, 3) RGB in [0, 255], or going on from a progress.

    After each step `keep(progress)` is called, and then `watch(step, best_image)`; the best image need not be that
    step's. KeyboardInterrupt, from Ctrl-C or from the watcher, ends the run and keeps the best image; so does a loss
    that is not finite. The image returned has the size of the last phase in any case.
    """
    progress = start if isinstance(start, Progress) else Progress.at(start)
    result = progress.result
    try:
        for number in range(max(progress.phase, 0), len(phases)):
            phase = phases[number]
            before = progress.begin(phases, number)
            objective = phase.build_objective()
            evaluate = progress.counted(objective)
            if progress.state is None:
                progress.started(phase.optimizer.start(evaluate, result.image, before), phase)
            try:
                while progress.steps_here < phase.until and progress.state.losses.total > objective.floor:
                    state = phase.optimizer.step(evaluate, progress.state)
                    if state is None:  # the optimiser finds no way down
                        break
                    step = progress.after_step(state, phases)
                    if keep:
                        keep(progress)
                    if watch:
                        watch(step, kept(result.image, phase.margin))
            finally:
                phase.optimizer.end(progress.state)
            objective = evaluate = None  # before the next one is built: of a large image there is room for one
        if progress.steps_here < phases[-1].until:
            result.stopped = "converged"
    except KeyboardInterrupt:
        result.stopped = "interrupted"
    except NonFiniteLoss as error:
        result.stopped = str(error)
    progress.resize(phases[-1])
    result.wide_image, result.image = result.image, kept(result.image, phases[-1].margin)
    return result


@dataclass(frozen=True)
class Phase:
    """A part of a run in which nothing changes but the image.

    It ends when `until` is reached, when the loss is down at the objective's floor, or when the optimiser finds no way
    down. Steps that it leaves over are taken by the next phase of the same size.
    """

    height: int  # of the image, in pixels
    width: int
    build_objective: Callable[[], Objective]  # called when the phase begins, so that only one is in memory
    optimizer: Optimizer
    until: int  # the last step of the phase, counted from 1 at each new size
    precision: str = "float32"  # of the objective
    margin: int = 0  # pixels around the image that are trained with it and cut off in the end


class Objective(Protocol):
    """What is minimised, such as `transfer.objective.objective.Objective`."""

    floor: float  # below this total loss, rounding hides the differences between images; 0 in float32

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) at `image` (H, W, 3), with its margin."""


Watch = Callable[[Step, np.ndarray], None]
Keep = Callable[[Progress], None]  # the progress changes with the next step
