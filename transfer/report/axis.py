"""The axes of a plot: which values they span, and where their ticks are."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

MOST_TICKS = 7
LEAST_DECADES = 1.0  # spanned by a logarithmic axis, or small changes would look large


class LogAxis(NamedTuple):
    """A logarithmic axis from `low` to `high`, which are decimal logarithms."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> LogAxis | None:
        """Return an axis with all the values that have a logarithm, and some room; None if none has one."""
        logs = [log10(value) for value in values if drawable(value)]
        if not logs:
            return None
        low, high = min(logs), max(logs)
        missing = max(0.0, LEAST_DECADES - (high - low)) / 2
        room = 0.04 * max(high - low, LEAST_DECADES)
        return cls(low - missing - room, high + missing + room)

    def share(self, value: float) -> float:
        """Return where a value is: 0 at the lower end, 1 at the upper one."""
        return (log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return powers of ten, or every second, third … of them; on a short axis also their double and fivefold."""
        decades = range(ceil(self.low), floor(self.high) + 1)
        if len(decades) > 2:
            stride = ceil(len(decades) / MOST_TICKS)
            return [10.0**power for power in decades if power % stride == 0]
        near = range(floor(self.low), ceil(self.high) + 1)
        fine = [factor * 10.0**power for power in near for factor in (1, 2, 5)]
        return [tick for tick in fine if self.low <= log10(tick) <= self.high]


def drawable(value: float) -> bool:
    """Return whether a value has a place on a logarithmic axis."""
    return isfinite(value) and value > 0


def step_ticks(count: int) -> list[int]:
    """Return which of the steps 1 … `count` have a tick: the first one, and multiples of 1, 2 or 5 times 10ⁿ."""
    strides = (factor * 10**power for power in range(19) for factor in (1, 2, 5))
    stride = next(stride for stride in strides if count / stride < MOST_TICKS)
    return sorted({1, *range(stride, count + 1, stride)})
