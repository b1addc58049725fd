"""Chooses what a kind is (a family of programs, alone or two of them together, and a finish), and draws whole sets."""

import multiprocessing
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import Pool
from typing import TypeVar

import cv2
import numpy as np

from weights.drawings.canvas import Family, Program, Rng, fractal, log_uniform, mix, to_bytes, warp
from weights.drawings.patterns import cells, clouds, curves, dots, flow, leaves, stars
from weights.drawings.scenes import gradient, landscape
from weights.drawings.strokes import hatching, line_drawing, painted, strokes

Choice = TypeVar("Choice")
SIZE = 320  # pixels, the side of a picture

# How often each family is chosen, relative to the others.
TEXTURES: dict[Family, float] = {strokes: 17, leaves: 12, flow: 7, cells: 7, clouds: 6, curves: 4, dots: 3, stars: 3}
SUBJECTS: dict[Family, float] = {landscape: 10, gradient: 2, leaves: 2, clouds: 1}

# How often a subject is painted, drawn, engraved, or left as it is.
TREATMENTS = {painted: 0.35, line_drawing: 0.1, hatching: 0.1, None: 0.45}


def draw(kind: int, draw: int, size: int = SIZE, seed: int = 0) -> np.ndarray:
    """Return picture number `draw` of a kind, (size, size, 3) bytes, RGB.

    Everything that makes up the kind (programs, colours, scales, layout) depends on `seed` and `kind` only; `draw`
    decides places and phases. The same four numbers give the same bytes on the same machine.
    """
    program = choose(np.random.default_rng([seed, kind]))
    # 1 + draw, because NumPy takes [seed, kind, 0] for the same seed as [seed, kind].
    return to_bytes(program(np.random.default_rng([seed, kind, 1 + draw]), size))


def choose(rng: Rng) -> Program:
    """Return a program for a kind: one subject or texture, or two textures together, and its finish."""
    program = subject(rng) if rng.random() < 0.5 else _pick(rng, TEXTURES)(rng)
    together = rng.choice(["alone", "inside", "over", "warped"], p=[0.6, 0.2, 0.1, 0.1])
    if together == "inside":
        program = inside(rng, program, _pick(rng, TEXTURES)(rng))
    elif together == "over":
        program = painted(rng, program)
    elif together == "warped":
        program = warped(rng, program)
    return finished(rng, program)


def subject(rng: Rng) -> Program:
    """Return a program that shows something, as it is or as a painting or drawing of it."""
    seen = _pick(rng, SUBJECTS)(rng)
    treatment = _pick(rng, TREATMENTS)
    return treatment(rng, seen) if treatment else seen


def inside(rng: Rng, first: Program, second: Program) -> Program:
    """The second program in cloud-like islands within the first."""
    blobs, sharpness = log_uniform(rng, 1.5, 7), log_uniform(rng, 1, 12)

    def picture(draw: Rng, size: int) -> np.ndarray:
        islands = np.clip(sharpness * fractal(draw, size, blobs, 3) + 0.5, 0, 1)
        return mix(first(draw, size), second(draw, size), islands)

    return picture


def warped(rng: Rng, program: Program) -> Program:
    """The program, bent smoothly."""
    distance, blobs = rng.uniform(2, 15), rng.uniform(2, 8)
    return lambda draw, size: warp(draw, program(draw, size), distance, blobs)


def finished(rng: Rng, program: Program) -> Program:
    """The program, at times out of focus or with the noise of a sensor."""
    blur = rng.uniform(0.5, 1.8) if rng.random() < 0.4 else 0
    noise = rng.uniform(0.005, 0.05) if rng.random() < 0.15 else 0

    def picture(draw: Rng, size: int) -> np.ndarray:
        image = program(draw, size)
        if blur:
            image = cv2.GaussianBlur(image, (0, 0), blur)
        return image + noise * draw.standard_normal(image.shape).astype(np.float32) if noise else image

    return picture


def _pick(rng: Rng, choices: dict[Choice, float]) -> Choice:
    """Return one of the keys; the values say how likely each is."""
    weights = np.array(list(choices.values()), float)
    return list(choices)[rng.choice(len(choices), p=weights / weights.sum())]


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
