"""Flow made visible: noise smeared along a direction field, and long lines that follow one."""

import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, from_bytes, log_uniform, plain, to_bytes, trace
from weights.train.drawings.fields import fractal, look_up, smooth, spread, standard
from weights.train.drawings.orientation import follow, orientation
from weights.train.drawings.palette import colour_by, palette


def smear(noise: np.ndarray, directions: np.ndarray, steps: int, step: float) -> np.ndarray:
    """Return the noise averaged along the lines of flow: line integral convolution (Cabral & Leedom 1993)."""
    x0, y0 = coordinates(len(noise))
    total = noise.copy()
    for side in (step, -step):
        ahead, x, y = directions * side, x0, y0
        for _ in range(steps):
            x, y = x + ahead[..., 0], y + ahead[..., 1]
            total += look_up(noise, x, y)
            here = look_up(directions, x, y) * step
            forward = here[..., 0] * ahead[..., 0] + here[..., 1] * ahead[..., 1]
            ahead = here * np.where(forward < 0, np.float32(-1), np.float32(1))[..., None]
    return standard(total)


def flow(rng: Rng) -> Program:
    """Streaks of smeared noise over slowly changing colours."""
    colours, directions = palette(rng), orientation(rng)
    steps, step, grain = int(rng.integers(5, 16)), rng.uniform(1, 2.5), rng.uniform(1, 6)
    streaks, blobs, hard = rng.uniform(0.15, 1.2), rng.uniform(1.5, 6), rng.random() < 0.3

    def picture(draw: Rng, size: int) -> np.ndarray:
        lines = smear(smooth(draw, size, size / grain), directions(draw, size), steps, step)
        return colour_by(spread(streaks * lines + fractal(draw, size, blobs, 3)), colours, hard)

    return picture


def curves(rng: Rng) -> Program:
    """Long loops or lines along a direction field, with or without an outline, on a plain ground."""
    colours, directions = palette(rng), orientation(rng)
    apart, width, steps = rng.uniform(25, 60), log_uniform(rng, 1, 9), int(rng.integers(20, 70))
    freely, turn, outlined = rng.random() < 0.5, rng.uniform(0.02, 0.3), rng.random() < 0.4

    def picture(draw: Rng, size: int) -> np.ndarray:
        count = int((size / apart) ** 2)
        starts = draw.uniform(0, size, (count, 2))
        if freely:
            bends = draw.normal(0, turn, (count, 1)) + draw.normal(0, turn / 2, (count, steps))
            angles = draw.uniform(0, 2 * np.pi, (count, 1)) + np.cumsum(bends, 1)
            paths = starts[:, None] + 3 * np.cumsum(np.stack([np.cos(angles), np.sin(angles)], -1), 1)
        else:
            paths = follow(directions(draw, size), starts, 3, steps, np.zeros(count))
        board = to_bytes(plain(colours[-1], size))
        for path in paths:
            if outlined:
                trace(board, path, colours[0], width + 3)
            trace(board, path, colours[draw.integers(len(colours) - 1)], width)
        return from_bytes(board)

    return picture
