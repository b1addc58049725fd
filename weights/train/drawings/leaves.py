"""Dead leaves of many shapes: opaque forms cover each other (Lee, Mumford & Huang 2001).

Their radii follow a power law, so that the picture has edges and flat areas at every scale, as photographs have.
"""

from collections.abc import Callable

import numpy as np

from weights.train.drawings.canvas import Program, Rng, fill, from_bytes, log_uniform, mix, plain, to_bytes, trace
from weights.train.drawings.fields import fractal, spread
from weights.train.drawings.orientation import orientation
from weights.train.drawings.palette import colour_by, palette, varied
from weights.train.drawings.shapes import NAMES, frame, outline

MOST = 800
Dress = Callable[[np.ndarray, np.ndarray, np.ndarray, float], None]  # fills an outline on a board: colour, angle


def leaves(rng: Rng) -> Program:
    """Leaves of one shape, or of three, in any direction or along a field, plain or textured."""
    colours, directions, aligned = palette(rng), orientation(rng), rng.random() < 0.5
    names, narrow, corners = rng.choice(NAMES, rng.choice([1, 3])), rng.uniform(0.15, 1), int(rng.integers(3, 8))
    smallest, tail = log_uniform(rng, 3, 14), rng.uniform(1, 3)
    largest, cover = smallest * rng.uniform(2, 12), rng.uniform(0.8, 3)
    by_place, change, sorted_by_size = rng.random() < 0.5, rng.uniform(0, 0.12), rng.random() < 0.3
    dress = surface(rng, colours)
    outlined = rng.random() < 0.3

    def picture(draw: Rng, size: int) -> np.ndarray:
        count = int(min(MOST, cover * size * size / (smallest**2 * 6 * narrow + 20)))
        places, paths = draw.uniform(-smallest, size + smallest, (count, 2)), directions(draw, size)
        column, row = np.clip(places.astype(np.int32), 0, size - 1).T
        along = np.arctan2(paths[row, column, 1], paths[row, column, 0])
        angles = along if aligned else draw.uniform(0, 2 * np.pi, count)
        radii = np.minimum(largest, smallest * (1 + draw.pareto(tail, count)))
        if sorted_by_size:
            radii = np.sort(radii)[::-1]
        tone = spread(fractal(draw, size, 2.5, 2))[row, column]
        paints = colour_by(tone, colours) if by_place else colours[draw.integers(len(colours), size=count)]
        board = to_bytes(plain(colours[0], size))
        for place, angle, radius, paint in zip(places, angles, radii, varied(draw, paints, change), strict=True):
            form = frame(place, radius, angle)(outline(draw, draw.choice(names), narrow, corners))
            if dress and radius > 5:
                dress(board, form, paint, angle)
            else:
                fill(board, form, paint)
            if outlined and radius > 4:
                trace(board, np.vstack([form, form[:1]]), colours[0] * 0.5, 1)
        return from_bytes(board)

    return picture


def surface(rng: Rng, colours: np.ndarray) -> Dress | None:
    """Choose how a leaf is covered: return None for plain colour, or a function that fills an outline."""
    style = rng.choice(["plain", "stripes", "bars", "shaded"], p=[0.35, 0.2, 0.15, 0.3])
    if style == "plain":
        return None
    period, other = log_uniform(rng, 4, 30), colours[rng.integers(len(colours))]

    def dress(board: np.ndarray, form: np.ndarray, paint: np.ndarray, angle: float) -> None:
        left, top = np.maximum(np.floor(form.min(0)).astype(int) - 1, 0)
        right, bottom = np.minimum(np.ceil(form.max(0)).astype(int) + 2, len(board))
        if right <= left or bottom <= top:
            return
        y, x = np.arange(top, bottom, dtype=np.float32)[:, None], np.arange(left, right, dtype=np.float32)
        along = y * np.cos(angle) - x * np.sin(angle)
        if style == "shaded":
            tone = (along - along.min()) / (np.ptp(along) + 1e-6)
        else:
            tone = 0.5 + 0.5 * np.sin(2 * np.pi * along / period)
            tone = np.clip(3 * tone - 1, 0, 1) if style == "bars" else tone
        inside = np.zeros(along.shape, np.uint8)
        fill(inside, form - [left, top], np.ones(1))
        region = board[top:bottom, left:right]
        cloth = paint + (other - paint) * tone[..., None]
        region[:] = to_bytes(mix(from_bytes(region), cloth, from_bytes(inside)))

    return dress
