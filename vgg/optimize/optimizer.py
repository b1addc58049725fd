"""What every optimiser of an image can do: start somewhere, and take one step from where it is.

An optimiser is a value: its settings are fields and never change. All that changes during a run is in the state that
`start` and `step` return. Whoever copies the state can look at it, keep it, and go on from it later (except SciPy's).
`to_arrays` and `from_arrays` are for who keeps it in a file.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

Losses = Any  # of one evaluation, whatever they consist of; their `total` is minimised
#: An image (H, W, 3) → its losses, and the gradient (H, W, 3) of their total.
Evaluate = Callable[[np.ndarray], tuple[Losses, np.ndarray]]
#: A state as plain arrays of NumPy's own dtypes, by name.
Arrays = dict[str, np.ndarray]


class State(Protocol):
    """Where an optimiser is: at least an image and its losses."""

    image: np.ndarray  # (H, W, 3), RGB within [0, 255]; this array is never changed again
    losses: Losses  # at this image


class Optimizer(Protocol):
    """What the training loop calls; the last two functions are for who keeps a run in a file."""

    def start(self, evaluate: Evaluate, image: np.ndarray, before: State | None = None) -> State:
        """Return the state at `image`; evaluates at least once.

        `before` is a state of the same optimiser for an objective that has nearly the same curvature, such as the same
        one in another precision: what it has learned of the curvature may be used, its losses and gradients may not.
        """

    def step(self, evaluate: Evaluate, state: State) -> State | None:
        """Return the state one step further, or None if no way down is found; the old state may be overwritten."""

    def end(self, state: State) -> None:
        """Release what the state holds besides arrays, if anything; no step can be taken from it afterwards."""

    def to_arrays(self, state: State) -> Arrays | None:
        """Return all of the state but its losses, to be read before the next step; None if it cannot be kept."""

    def from_arrays(self, arrays: Arrays, losses: Losses) -> State:
        """Return the state that `to_arrays` was called with; its steps will be the same to the last bit.

        Arrays that cannot be one raise an error of any kind: they were read from a file.
        """


def steps(optimizer: Optimizer, evaluate: Evaluate, image: np.ndarray, count: int) -> Iterator[State]:
    """Yield the state at `image`, (H, W, 3), and after each of up to `count` steps; fewer if the loss falls no more."""
    first = state = optimizer.start(evaluate, image)
    try:
        yield state
        for _ in range(count):
            state = optimizer.step(evaluate, state)
            if state is None:
                return
            yield state
    finally:
        optimizer.end(first)
