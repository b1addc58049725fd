"""Draws all pictures of a training set, in several processes."""

import multiprocessing
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import Pool

import cv2
import numpy as np

from weights.train.drawings.kinds import SIZE, draw


def draw_all(
    kinds: int, draws: int, seed: int, workers: int, report: Callable[[int, int], None], size: int = SIZE
) -> np.ndarray:
    """Return `draws` pictures of each kind, (kinds * draws, size, size, 3) bytes; number kind * draws + draw.

    `report` is called with how many are done and how many there are. The pictures do not depend on `workers`.
    """
    pictures = np.empty((kinds * draws, size, size, 3), np.uint8)
    with _pool(workers) as pool:
        kind_by_kind = pool.imap(partial(_draws_of, draws=draws, seed=seed, size=size), range(kinds))
        for kind, drawn in enumerate(kind_by_kind):
            pictures[kind * draws : (kind + 1) * draws] = drawn
            report((kind + 1) * draws, kinds * draws)
    return pictures


def _draws_of(kind: int, draws: int, seed: int, size: int) -> np.ndarray:
    return np.stack([draw(kind, number, size, seed) for number in range(draws)])


def _pool(workers: int) -> Pool:
    """Return processes that leave Ctrl-C to this one, which then ends them; they inherit that it is ignored."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return multiprocessing.get_context("spawn").Pool(workers, cv2.setNumThreads, (1,))
    finally:
        signal.signal(signal.SIGINT, handler)
