"""Statistics of a layer's maps: how strong and how sparse they are, and which channels are the most active."""

from typing import NamedTuple

import numpy as np


class Summary(NamedTuple):
    """One layer's maps of one picture."""

    mean: float  # over all positions and channels
    sparsity: float  # share of the values that are 0 after a ReLU (or at most 0 before it)
    silent: int  # channels without a single value above 0
    strongest: tuple[int, ...]  # channels, strongest first


def strengths(maps: np.ndarray) -> np.ndarray:
    """Return how active each channel is, (H, W, C) → (C,): the mean of its values after a ReLU."""
    return np.maximum(maps, 0).mean(axis=(0, 1), dtype=np.float64)


def strongest_channels(maps: np.ndarray, count: int) -> list[int]:
    """Return the `count` most active channels of (H, W, C), strongest first; among equals the lowest number first."""
    return np.argsort(-strengths(maps), kind="stable")[:count].tolist()


def summarize(maps: np.ndarray, count: int = 5) -> Summary:
    """Return the summary of one layer's maps (H, W, C), with its `count` strongest channels."""
    above = maps > 0
    silent = int(maps.shape[2] - above.any(axis=(0, 1)).sum())
    return Summary(
        float(maps.mean(dtype=np.float64)), float(1 - above.mean()), silent, tuple(strongest_channels(maps, count))
    )
