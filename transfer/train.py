"""The training loop: from a start image to the image with the lowest loss.

The network stays as it is; what is trained is the image. A run is a list of *phases*. Those of the default recipe at
512 pixels, with its 30 steps at each size, are

    256 px  bfloat16  until step 27
    256 px  float32   until step 30
    512 px  bfloat16  until step 27
    512 px  float32   until step 30

where each begins with the best image of the one before, and steps are counted anew at each size (`transfer.session`
makes the list). The optimiser's memory passes on if the size stays the same. Losses never do: when a phase begins, loss
and gradient are evaluated afresh, so those of two objectives are never compared or subtracted.

Nothing here prints or writes. A watcher gets a `Step` and the best image after each step, and may show or save it. All
that changes is in a `Progress`, which is plain data: whoever keeps it, in a file perhaps, can stop the run and go on
later.
"""

from __future__ import annotations  # so that the loop can stand first

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from transfer.losses import Losses
from transfer.sizes import with_margin, without_margin
from vgg.optimize.optimizer import Evaluate, Optimizer, State
from vgg.tools.image import resize_to

Watch = Callable[["Step", np.ndarray], None]
Keep = Callable[["Progress"], None]  # the progress changes with the next step


def train(
    phases: Sequence[Phase], start: np.ndarray | Progress, watch: Watch | None = None, keep: Keep | None = None
) -> Result:
    """Go through the phases, beginning with the image `start`, (H, W, 3) RGB in [0, 255], or going on from a progress.

    After each step `keep(progress)` is called, and then `watch(step, best_image)`; the best image need not be that
    step's. KeyboardInterrupt, from Ctrl-C or from the watcher, ends the run and keeps the best image; so does a loss
    that is not finite. The image returned has the size of the last phase in any case.
    """
    progress = start if isinstance(start, Progress) else Progress.from_image(start)
    result = progress.result
    try:
        for number in range(max(progress.phase, 0), len(phases)):
            phase = phases[number]
            # Resizes the image if the size is new; if not, the optimiser goes on with what it has learned.
            previous_state = progress.enter_phase(phases, number)
            objective = phase.build_objective()
            evaluate = progress.counting(objective)
            if progress.state is None:
                progress.set_first_state(phase.optimizer.start(evaluate, result.image, previous_state), phase)
            try:
                while progress.steps_at_size < phase.until and progress.state.losses.total > objective.floor:
                    state = phase.optimizer.step(evaluate, progress.state)
                    if state is None:  # the optimiser finds no way down
                        break
                    step = progress.add_step(state, phases)  # keeps the image if it is the best one
                    if keep:
                        keep(progress)
                    if watch:
                        watch(step, without_margin(result.image, phase.margin))
            finally:
                phase.optimizer.end(progress.state)
            objective = evaluate = None  # before the next one is built: of a large image there is room for one
        if progress.steps_at_size < phases[-1].until:
            result.stopped = "converged"
    except KeyboardInterrupt:
        result.stopped = "interrupted"
    except NonFiniteLoss as error:
        result.stopped = str(error)
    progress.resize(phases[-1])
    result.wide_image, result.image = result.image, without_margin(result.image, phases[-1].margin)
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

    @property
    def pixels(self) -> int:
        """Return how many pixels are computed, to which the time of a step is in proportion."""
        return (self.height + 2 * self.margin) * (self.width + 2 * self.margin)


class Objective(Protocol):
    """What is minimised, such as `transfer.objective.Objective`."""

    floor: float  # below this total loss, rounding hides the differences between images; 0 in float32

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) at `image` (H, W, 3), with its margin."""


@dataclass(frozen=True)
class Step:
    """One step of the optimiser, as a watcher gets it."""

    step: int  # from 1, counted through all phases
    evaluations: int  # of loss and gradient, so far
    seconds: float  # since the run began, without those between a stop and going on
    losses: Losses  # of the image that this step arrived at, as floats
    size: int  # longer side of that image, in pixels
    precision: str  # in which the losses were computed
    left: float  # seconds that the steps to come will take, at this size's pace


@dataclass
class Result:
    """The best image of the last phase that was reached, and how it came about."""

    image: np.ndarray  # (H, W, 3) float32 RGB in [0, 255]
    losses: Losses | None = None  # of the image, evaluated by that phase; None if it was resized since
    precision: str = ""  # of that phase
    best_step: int = 0  # the step that arrived at the image, or the last one before it was resized; 0 for the start
    steps: list[Step] = field(default_factory=list)
    wide_image: np.ndarray | None = None  # at the end, the image with the margin that was trained with it
    stopped: str = "finished"  # or "converged", "interrupted", or the message of NonFiniteLoss


class NonFiniteLoss(ArithmeticError):
    """The loss is no longer a number; the message says which."""


@dataclass
class Progress:
    """What is counted and kept while the phases go by. `result.image` has its margin here.

    `enter_phase`, `resize`, `set_first_state` and `add_step` change it, and so does what `counting` returns.
    """

    result: Result
    shape: tuple[int, int, int]  # of the image without its margin, and the margin
    phase: int = -1  # the place of the present phase in the list; -1 before the first
    state: State | None = None  # of the phase's optimiser; None before it starts
    steps_at_size: int = 0  # at the present size
    evaluations: int = 0
    evaluations_before: int = 0  # of which before the present size
    seconds: float = 0.0  # up to the last step
    seconds_before: float = 0.0  # of which before the present size, or for preparing a phase, as evaluations_before

    def __post_init__(self) -> None:
        """Let the clock go on."""
        self._began = time.perf_counter() - self.seconds
        self._phase_began = self.evaluations, self.seconds

    @classmethod
    def from_image(cls, start: np.ndarray) -> Progress:
        """Return the progress of a run that begins with the image `start` (H, W, 3)."""
        return cls(Result(start.astype(np.float32)), (*start.shape[:2], 0))

    def enter_phase(self, phases: Sequence[Phase], number: int) -> State | None:
        """Bring the image to the size of a phase, unless it has begun already.

        Return the state of the phase before if that has the same size.
        """
        if number == self.phase:
            return None
        phase, before = phases[number], self.state
        self.phase, self.state = number, None
        self._phase_began = self.evaluations, self._now()
        if number and _size(phases[number - 1]) == _size(phase):
            return before
        self.steps_at_size, (self.evaluations_before, self.seconds_before) = 0, self._phase_began
        self.result.best_step = len(self.result.steps)
        self.resize(phase)
        return None

    def resize(self, phase: Phase) -> None:
        """Bring the image to the phase's size, and make its margin anew by reflection, if it is another one."""
        if (*_size(phase), phase.margin) != self.shape:
            image = without_margin(self.result.image, self.shape[2])
            if image.shape[:2] != _size(phase):
                image = np.clip(resize_to(image, phase.height, phase.width), 0, 255)
                self.result.losses = None
            self.result.image = with_margin(image, phase.margin)
            self.shape = (*_size(phase), phase.margin)

    def counting(self, objective: Objective) -> Evaluate:
        """Return the objective as a function that counts its evaluations here, and that raises NonFiniteLoss."""

        def evaluate(image: np.ndarray) -> tuple[Losses, np.ndarray]:
            self.evaluations += 1
            losses, gradient = objective(image)
            for name, value in {**losses.groups, "total": losses.total}.items():
                if not np.isfinite(value):
                    raise NonFiniteLoss(f"the {name} loss became {value} at evaluation {self.evaluations}")
            if not np.isfinite(gradient).all():
                raise NonFiniteLoss(f"the gradient was no longer finite at evaluation {self.evaluations}")
            return losses, gradient

        return evaluate

    def set_first_state(self, state: State, phase: Phase) -> None:
        """Take the losses of the best image as the new phase computes them: what its steps have to beat."""
        self.state, self.result.losses, self.result.precision = state, state.losses, phase.precision
        # To build and compile the objective takes long, and is no part of a step.
        self.evaluations_before += self.evaluations - self._phase_began[0]
        self.seconds_before += self._now() - self._phase_began[1]

    def add_step(self, state: State, phases: Sequence[Phase]) -> Step:
        """Count a step, and keep its image if it is the best of this phase."""
        self.state, self.steps_at_size = state, self.steps_at_size + 1
        self.seconds = self._now()
        result, phase, number = self.result, phases[self.phase], len(self.result.steps) + 1
        size, left = max(_size(phase)), self._seconds_left(phases)
        step = Step(number, self.evaluations, self.seconds, state.losses, size, phase.precision, left)
        result.steps.append(step)
        if state.losses.total < result.losses.total:
            result.image, result.losses, result.best_step = np.asarray(state.image, np.float32), state.losses, number
        return step

    def _now(self) -> float:
        return time.perf_counter() - self._began

    def _seconds_left(self, phases: Sequence[Phase]) -> float:
        """Return how long the steps to come will take, at this size's pace for each pixel."""
        # `until` grows from phase to phase of a size, and the last of them replaces those before it in the dictionary.
        last_at = {_size(phase): phase for phase in phases}
        phase = phases[self.phase]
        # By evaluations: nearly all steps take one, but the first of SciPy's L-BFGS takes several.
        evaluations = self.evaluations - self.evaluations_before
        seconds_per_pixel = (self.seconds - self.seconds_before) / evaluations / phase.pixels
        to_come = list(last_at.values())[list(last_at).index(_size(phase)) :]
        pixels = sum(later.pixels * later.until for later in to_come)
        return seconds_per_pixel * (pixels - self.steps_at_size * phase.pixels)


def _size(phase: Phase) -> tuple[int, int]:
    return phase.height, phase.width
