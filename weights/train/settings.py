"""Everything that one can choose about a training run, with the values that the shipped network was trained with."""

from dataclasses import dataclass
from typing import Literal

Pooling = Literal["avg", "max"]


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
    steps: int = 3000
    kinds: int = 1600  # of drawing
    draws: int = 2  # different drawings of each kind
    pooling: Pooling = "avg"
    phases: tuple[Phase, ...] = (Phase(64, 56, 0.4), Phase(96, 28, 0.75), Phase(128, 16, 1.0))

    # AdamW (Loshchilov & Hutter 2019)
    learning_rate: float = 2e-3  # reached after the warm-up, then down to 0 along a cosine
    warm_up: int = 60  # steps
    weight_decay: float = 0.03  # of kernels and other matrices
    clip_norm: float = 5.0  # the longest gradient over all parameters

    # Weights of the terms of the objective
    contrast: float = 1.0
    kind: float = 0.5
    pixels: float = 0.3
    sparsity: float = 0.0

    def phase(self, step: int) -> Phase:
        """Return the phase of the step with that number, counted from 0."""
        return next(
            phase for phase in self.phases if step < round(phase.until * self.steps) or phase is self.phases[-1]
        )
