"""Everything that one can choose about a training run, with the values that the shipped network was trained with."""

from dataclasses import dataclass
from typing import Literal

from vgg.errors import InputError

Pooling = Literal["avg", "max"]

#: Crops have sides that four pools can halve without a rest.
MULTIPLE = 16


@dataclass(frozen=True)
class Phase:
    """A part of the run in which all crops have one size. Larger crops come later, when the strokes are known."""

    size: int  # pixels on a side of a crop
    kinds: int  # kinds of drawing in one batch; each gives two crops
    until: float  # the share of all steps at which this phase ends


@dataclass(frozen=True)
class Settings:
    """How the network is trained. The same settings give the same numbers on the same machine."""

    seed: int = 0  # of drawings, crops and initial kernels
    steps: int = 1800
    kinds: int = 1600  # of drawing
    draws: int = 2  # different drawings of each kind
    pooling: Pooling = "avg"
    phases: tuple[Phase, ...] = (Phase(64, 56, 0.45), Phase(96, 28, 0.8), Phase(128, 16, 1.0))

    # AdamW (Loshchilov & Hutter 2019)
    learning_rate: float = 1.5e-3  # reached after the warm-up, then down to 0 along a cosine
    warm_up: int = 60  # steps
    weight_decay: float = 0.03  # of kernels and other matrices
    clip_norm: float = 5.0  # the longest gradient over all parameters

    # Weights of the terms of the objective
    contrast: float = 1.0
    kind: float = 0.5
    pixels: float = 0.3
    sparsity: float = 0.0

    def __post_init__(self) -> None:
        """Raise InputError if the numbers do not fit together."""
        for phase in self.phases:
            if phase.size % MULTIPLE or phase.size < 1:
                raise InputError(f"a phase has crops of {phase.size} pixels, expected a multiple of {MULTIPLE}")
            if not 2 <= phase.kinds <= self.kinds:
                raise InputError(
                    f"a phase has {phase.kinds} kinds in a batch, expected 2 to {self.kinds}, which is all"
                )
        ends = [phase.until for phase in self.phases]
        if ends != sorted(ends) or ends[0] <= 0 or ends[-1] != 1:
            raise InputError(f"the phases end at {ends}, expected shares of all steps that grow, the last one 1")
        for name in ("learning_rate", "weight_decay", "clip_norm", "contrast", "kind", "pixels", "sparsity"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}, expected a number of 0 or more")

    def phase(self, step: int) -> Phase:
        """Return the phase of the step with that number, counted from 0."""
        return next(
            phase for phase in self.phases if step < round(phase.until * self.steps) or phase is self.phases[-1]
        )
