"""Everything that one can choose about a training run, with the values that the shipped network was trained with."""

from dataclasses import dataclass

from vgg.errors import InputError

#: Crops have sides that four pools can halve without a rest.
MULTIPLE = 16


@dataclass(frozen=True)
class Settings:
    """How the student is trained. The same settings give the same numbers on the same machine."""

    seed: int = 0  # of drawings, crops and initial kernels
    steps: int = 6000
    kinds: int = 700  # of drawing
    draws: int = 2  # different drawings of each kind
    #: (pixels on a side, crops in a batch); each step takes one of them at random.
    crops: tuple[tuple[int, int], ...] = ((64, 28), (96, 12), (128, 7))

    # AdamW (Loshchilov & Hutter 2019)
    learning_rate: float = 2e-3  # reached after the warm-up and kept until the end begins
    warm_up: int = 60  # steps
    end: float = 0.25  # the share of all steps, the last ones, in which the rate goes down to 0 along a line
    weight_decay: float = 0.01  # of kernels and heads
    clip_norm: float = 2.0  # the longest gradient over all parameters

    #: Weight of the error of the style distances against that of the maps.
    distances: float = 1.0

    def __post_init__(self) -> None:
        """Raise InputError if a number is out of range."""
        for size, count in self.crops:
            if size % MULTIPLE or size < MULTIPLE or count < 2:
                raise InputError(f"{count} crops of {size} pixels, expected 2 or more of a multiple of {MULTIPLE}")
        for name in ("learning_rate", "end", "weight_decay", "clip_norm", "distances"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}, expected a number of 0 or more")
