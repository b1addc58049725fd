"""The training loop: from a start image to the image with the lowest loss.

The network stays as it is; what is trained is the image. A run is a list of *phases*. Each has a size, an objective, an
optimiser and a number of steps: a small image first and then larger ones, or a faster and less exact objective first
and then the exact one (`transfer.session` makes the list). Loss and gradient are evaluated afresh when a phase begins.
So nothing of two objectives is ever compared or subtracted.

Nothing here prints or writes. A watcher gets a `Step` and the best image after each step, and may show or save it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from transfer.losses import Losses
from vgg.image.file import resize_to
from vgg.optimize.optimizer import Evaluate, Optimizer, State


class Objective(Protocol):
    """What is minimised, such as `transfer.objective.objective.Objective`."""

    floor: float  # a total loss below which its precision tells images apart no longer

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) at `image` (H, W, 3)."""


@dataclass(frozen=True)
class Phase:
    """A part of a run in which nothing changes but the image."""

    height: int
    width: int
    objective: Callable[[], Objective]  # builds it when the phase begins, so that only one is in memory
    optimizer: Optimizer
    until: int  # the phase ends when so many steps were taken at this size, those of the phases before included
    precision: str = "float32"  # of the objective; the phase also ends when the loss is at the objective's floor


@dataclass(frozen=True)
class Step:
    """One step of the optimiser, as a watcher gets it."""

    step: int  # from 1, counted through all phases
    evaluations: int  # of loss and gradient, so far
    seconds: float  # since the run began
    losses: Losses  # of the image that this step arrived at, weighted as they are summed
    size: int  # longer side of that image, in pixels
    precision: str  # in which the losses were computed
    left: float  # seconds that the steps to come will take, at the pace so far


Watch = Callable[[Step, np.ndarray], None]


@dataclass
class Result:
    """The best image seen, (H, W, 3) float32 RGB in [0, 255], and how it came about."""

    image: np.ndarray
    losses: Losses | None = None  # of the image, as the phase that found it computes them; None before the first
    precision: str = ""  # of that phase
    best_step: int = 0  # the step that arrived at the image; 0 for the start
    steps: list[Step] = field(default_factory=list)
    stopped: str = "finished"  # or "converged", "interrupted", or which loss was no longer a number


class NonFiniteLoss(ArithmeticError):
    """The loss is no longer a number; the message says which."""


def train(phases: Sequence[Phase], start: np.ndarray, watch: Watch | None = None) -> Result:
    """Go through the phases, beginning with the image `start`, (H, W, 3) RGB in [0, 255].

    Each phase starts from the best image of the one before, enlarged if need be. `watch(step, best_image)` is called
    after each step. KeyboardInterrupt, from Ctrl-C or from the watcher, ends the run and keeps the best image; so does
    a loss that is not finite. The image returned has the size of the last phase in any case.
    """
    run, state = Run(phases, start), None
    try:
        for phase in phases:
            same_size = run.begin(phase)
            objective = phase.objective()
            evaluate = run.counted(objective)
            state = phase.optimizer.start(evaluate, run.result.image, state if same_size else None)
            try:
                run.restart_from(state)
                while run.steps_here < phase.until and state.losses.total > objective.floor:
                    next_state = phase.optimizer.step(evaluate, state)
                    if next_state is None:  # no step lowers the loss
                        break
                    state = next_state
                    step = run.after_step(state)
                    if watch:
                        watch(step, run.result.image)
            finally:
                phase.optimizer.end(state)
        if run.steps_here < phase.until:
            run.result.stopped = "converged"
    except KeyboardInterrupt:
        run.result.stopped = "interrupted"
    except NonFiniteLoss as error:
        run.result.stopped = str(error)
    run.enlarge(phases[-1])
    return run.result


class Run:
    """What is counted and kept while the phases go by."""

    def __init__(self, phases: Sequence[Phase], start: np.ndarray) -> None:
        """Begin the clock."""
        self.result = Result(start.astype(np.float32))
        self.steps_here = 0  # at the present size
        self._phase = phases[0]
        self._budgets = {(phase.height, phase.width): phase.until for phase in phases}  # the last one's at each size
        self._evaluations = self._evaluations_before = 0
        self._began = self._began_size = time.perf_counter()

    def begin(self, phase: Phase) -> bool:
        """Bring the image to the phase's size; return whether the phase before had the same size."""
        same_size = self._evaluations > 0 and (phase.height, phase.width) == (self._phase.height, self._phase.width)
        if not same_size:
            self.steps_here, self._evaluations_before, self._began_size = 0, self._evaluations, time.perf_counter()
            self.result.best_step = len(self.result.steps)
            self.enlarge(phase)
        self._phase = phase
        return same_size

    def enlarge(self, phase: Phase) -> None:
        """Bring the image to the phase's size, if it has another."""
        if self.result.image.shape[:2] != (phase.height, phase.width):
            self.result.image = np.clip(resize_to(self.result.image, phase.height, phase.width), 0, 255)
            self.result.losses = None

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

    def restart_from(self, state: State) -> None:
        """Keep the image that a phase starts from, with its losses as this phase computes them."""
        self.result.losses, self.result.precision = state.losses, self._phase.precision

    def after_step(self, state: State) -> Step:
        """Count a step, and keep its image if it is the best of this phase."""
        result, now = self.result, time.perf_counter()
        self.steps_here += 1
        height, width, number = self._phase.height, self._phase.width, len(result.steps) + 1
        # By evaluations: nearly all steps take one, but the first of SciPy's L-BFGS takes several.
        pace = (now - self._began_size) / (self._evaluations - self._evaluations_before) / (height * width)
        sizes = list(self._budgets)
        later = sum(
            rows * columns * self._budgets[rows, columns] for rows, columns in sizes[sizes.index((height, width)) :]
        )
        left = pace * (later - self.steps_here * height * width)
        longer = max(height, width)
        seconds = now - self._began
        step = Step(number, self._evaluations, seconds, state.losses, longer, self._phase.precision, left)
        result.steps.append(step)
        if state.losses.total < result.losses.total:
            result.image, result.losses, result.best_step = np.asarray(state.image, np.float32), state.losses, number
        return step
