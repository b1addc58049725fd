"""What the maps of a layer are like: how strong, how sparse, which of them stand out."""

from typing import NamedTuple

import numpy as np


class Summary(NamedTuple):
    """One layer's maps of one picture."""

    mean: float  # over all positions and channels
    sparsity: float  # share of the values that are 0 after a ReLU (or at most 0 before it)
    silent: int  # channels without a single value above 0
    strongest: tuple[int, ...]  # channels, strongest first


def strengths(maps: np.ndarray) -> np.ndarray:
    """How strongly each channel answers: (H, W, C) → (C,), the mean of what a ReLU lets through."""
    return np.maximum(maps, 0).mean(axis=(0, 1), dtype=np.float64)


def strongest_channels(maps: np.ndarray, count: int) -> list[int]:
    """The `count` channels of (H, W, C) that answer most strongly, strongest first; of equals the first."""
    return np.argsort(-strengths(maps), kind="stable")[:count].tolist()


def summarize(maps: np.ndarray, count: int = 5) -> Summary:
    """The summary of one layer's maps (H, W, C), with its `count` strongest channels."""
    above = maps > 0
    silent = int(maps.shape[2] - above.any(axis=(0, 1)).sum())
    return Summary(
        float(maps.mean(dtype=np.float64)), float(1 - above.mean()), silent, tuple(strongest_channels(maps, count))
    )
