"""The training loop: from a start image to the image with the lowest loss.

The network stays as it is; what is trained is the image. A run is a list of *phases*, such as

    256 px  bfloat16  until step 72
    256 px  float32   until step 80
    512 px  bfloat16  until step 72
    512 px  float32   until step 80

where each begins with the best image of the one before, and steps are counted anew at each size (`transfer.session`
makes the list). The optimiser's memory passes on if the size stays the same. Losses never do: when a phase begins, loss
and gradient are evaluated afresh, so those of two objectives are never compared or subtracted.

Nothing here prints or writes. A watcher gets a `Step` and the best image after each step, and may show or save it.
"""

from __future__ import annotations  # so that the loop can stand first

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from transfer.margin import continued, kept
from transfer.term import Losses
from vgg.image.file import resize_to
from vgg.optimize.optimizer import Evaluate, Optimizer, State


def train(phases: Sequence[Phase], start: np.ndarray, watch: Watch | None = None) -> Result:
    """Go through the phases, beginning with the image `start`, (H, W, 3) RGB in [0, 255].

    `watch(step, best_image)` is called after each step; the best image need not be that step's. KeyboardInterrupt, from
    Ctrl-C or from the watcher, ends the run and keeps the best image; so does a loss that is not finite. The image
    returned has the size of the last phase in any case.
    """
    run = Run(phases, start)
    state = None  # of the phase before
    try:
        for phase in phases:
            run.begin(phase)
            objective = phase.build_objective()
            evaluate = run.counted(objective)
            state = phase.optimizer.start(evaluate, run.result.image, state if run.same_size else None)
            run.rebase_losses(state)
            try:
                while run.steps_here < phase.until and state.losses.total > objective.floor:
                    next_state = phase.optimizer.step(evaluate, state)
                    if next_state is None:  # the optimiser finds no way down
                        break
                    state = next_state
                    step = run.after_step(state)
                    if watch:
                        watch(step, kept(run.result.image, phase.margin))
            finally:
                phase.optimizer.end(state)
            objective = evaluate = None  # before the next one is built: of a large image there is room for one
        if run.steps_here < phases[-1].until:
            run.result.stopped = "converged"
    except KeyboardInterrupt:
        run.result.stopped = "interrupted"
    except NonFiniteLoss as error:
        run.result.stopped = str(error)
    run.resize(phases[-1])
    run.result.image = kept(run.result.image, phases[-1].margin)
    return run.result


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


@dataclass(frozen=True)
class Step:
    """One step of the optimiser, as a watcher gets it."""

    step: int  # from 1, counted through all phases
    evaluations: int  # of loss and gradient, so far
    seconds: float  # since the run began
    losses: Losses  # of the image that this step arrived at, as floats
    size: int  # longer side of that image, in pixels
    precision: str  # in which the losses were computed
    left: float  # seconds that the steps to come will take, at this size's pace


Watch = Callable[[Step, np.ndarray], None]


@dataclass
class Result:
    """The best image of the last phase that was reached, and how it came about."""

    image: np.ndarray  # (H, W, 3) float32 RGB in [0, 255]
    losses: Losses | None = None  # of the image, evaluated by that phase; None if it was resized since
    precision: str = ""  # of that phase
    best_step: int = 0  # the step that arrived at the image, or the last one before it was resized; 0 for the start
    steps: list[Step] = field(default_factory=list)
    stopped: str = "finished"  # or "converged", "interrupted", or the message of NonFiniteLoss


class NonFiniteLoss(ArithmeticError):
    """The loss is no longer a number; the message says which."""


class Run:
    """What is counted and kept while the phases go by."""

    def __init__(self, phases: Sequence[Phase], start: np.ndarray) -> None:
        """Begin the clock."""
        self.result = Result(start.astype(np.float32))
        self._shape = *start.shape[:2], 0  # of the image without its margin, and the margin
        self.steps_here = 0  # at the present size
        self.same_size = False  # as in the phase before
        self._phase: Phase | None = None
        self._steps_at = {(phase.height, phase.width): phase.until for phase in phases}  # of each size's last phase
        self._evaluations = self._evaluations_before = 0
        self._began = self._began_size = time.perf_counter()

    def begin(self, phase: Phase) -> None:
        """Bring the image to the phase's size."""
        before, self._phase = self._phase, phase
        self.same_size = before is not None and (before.height, before.width) == (phase.height, phase.width)
        if not self.same_size:
            self.steps_here, self._evaluations_before, self._began_size = 0, self._evaluations, time.perf_counter()
            self.result.best_step = len(self.result.steps)
            self.resize(phase)

    def resize(self, phase: Phase) -> None:
        """Bring the image to the phase's size, and make its margin anew by reflection, if it is another one."""
        if (phase.height, phase.width, phase.margin) != self._shape:
            image = kept(self.result.image, self._shape[2])
            if image.shape[:2] != (phase.height, phase.width):
                image = np.clip(resize_to(image, phase.height, phase.width), 0, 255)
                self.result.losses = None
            self.result.image = continued(image, phase.margin)
            self._shape = phase.height, phase.width, phase.margin

    def counted(self, objective: Objective) -> Evaluate:
        """Return the objective as a function whose evaluations are counted, and which raises NonFiniteLoss."""

        def evaluate(image: np.ndarray) -> tuple[Losses, np.ndarray]:
            self._evaluations += 1
            losses, gradient = objective(image)
            for name, value in {**losses.groups, "total": losses.total}.items():
                if not np.isfinite(value):
                    raise NonFiniteLoss(f"the {name} loss became {value} at evaluation {self._evaluations}")
            if not np.isfinite(gradient).all():
                raise NonFiniteLoss(f"the gradient was no longer finite at evaluation {self._evaluations}")
            return losses, gradient

        return evaluate

    def rebase_losses(self, state: State) -> None:
        """Take the losses of the best image as the new phase computes them: what its steps have to beat."""
        self.result.losses, self.result.precision = state.losses, self._phase.precision

    def after_step(self, state: State) -> Step:
        """Count a step, and keep its image if it is the best of this phase."""
        self.steps_here += 1
        result, phase, number = self.result, self._phase, len(self.result.steps) + 1
        seconds, size = time.perf_counter() - self._began, max(phase.height, phase.width)
        step = Step(number, self._evaluations, seconds, state.losses, size, phase.precision, self._seconds_left())
        result.steps.append(step)
        if state.losses.total < result.losses.total:
            result.image, result.losses, result.best_step = np.asarray(state.image, np.float32), state.losses, number
        return step

    def _seconds_left(self) -> float:
        """Return how long the steps to come will take, at this size's pace for each pixel."""
        here = (self._phase.height, self._phase.width)
        # By evaluations: nearly all steps take one, but the first of SciPy's L-BFGS takes several.
        pace = (time.perf_counter() - self._began_size) / (self._evaluations - self._evaluations_before) / np.prod(here)
        sizes = list(self._steps_at)
        still = sum(np.prod(size) * self._steps_at[size] for size in sizes[sizes.index(here) :])
        return float(pace * (still - self.steps_here * np.prod(here)))
