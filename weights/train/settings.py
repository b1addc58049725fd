"""Everything that one can choose about a training run, with the values that made the last half of the small VGG-19.

How its first half was made is in `weights/README.md`.
"""

from dataclasses import dataclass

from vgg.errors import InputError

#: Crops have sides that four pools can halve without a rest.
MULTIPLE = 16


@dataclass(frozen=True)
class Settings:
    """How the student is trained. The same settings give the same numbers on the same machine."""

    seed: int = 0  # of drawings, crops and initial kernels
    steps: int = 3200
    normalised: int = 800  # steps with batch normalisation, the first ones
    kinds: int = 700  # of drawing
    draws: int = 2  # different drawings of each kind
    #: (pixels on a side, crops in a batch); each step takes one of them at random.
    crops: tuple[tuple[int, int], ...] = ((64, 28), (96, 12), (128, 7), (160, 5))

    kernel_rate: float = 0.008  # how far a kernel moves in a step, as a share of its norm
    other_rate: float = 2e-3  # Adam's rate for heads, gains, offsets and biases
    warm_up: int = 20  # steps in which the rates rise to these
    end: float = 0.5  # the share of all steps, the last ones, in which the rates go down to 0 along a line

    def __post_init__(self) -> None:
        """Raise InputError if a number is out of range."""
        for size, count in self.crops:
            if size % MULTIPLE or size < MULTIPLE or count < 2:
                raise InputError(f"{count} crops of {size} pixels, expected 2 or more of a multiple of {MULTIPLE}")
        for name in ("kernel_rate", "other_rate", "end"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}, expected a number of 0 or more")
