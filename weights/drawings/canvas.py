"""What every drawing is made of: the way between numbers and bytes, colours, fields, directions and outlines.

A *family* (`waves`, `portrait` …) takes random numbers and chooses a *program*: its colours, scales and layout. A
program takes other random numbers, for places and phases, and the side of a picture, and returns the picture. So two
pictures of one program resemble each other as two photographs of one wall do.
"""

from collections.abc import Callable

import cv2
import numpy as np

Rng = np.random.Generator
Program = Callable[[Rng, int], np.ndarray]  # (random numbers, side in pixels) → (side, side, 3) float32 RGB in [0, 1]
Family = Callable[[Rng], Program]

FRACTION_BITS = 4  # OpenCV takes coordinates as integers; with four bits after the point they are sixteenths of a pixel


def coordinates(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of each pixel, both (size, size) float32."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return x, y


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number between `low` and `high`; each octave between them is equally likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def plain(colour: np.ndarray, size: int) -> np.ndarray:
    """Return a picture of one colour, (size, size, 3) float32."""
    return np.tile(colour.astype(np.float32), (size, size, 1))


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Return a picture in [0, 1] as bytes; OpenCV smooths the edges of what it draws in bytes only."""
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)


def from_bytes(board: np.ndarray) -> np.ndarray:
    """Return bytes as float32 in [0, 1]."""
    return board.astype(np.float32) / 255


def ink(colour: np.ndarray) -> list[int]:
    """Return a colour in [0, 1] as OpenCV wants it."""
    return [round(255 * min(max(float(channel), 0), 1)) for channel in colour]


def points(xy: np.ndarray) -> np.ndarray:
    """Return positions (…, 2) in pixels as OpenCV wants them with `shift=FRACTION_BITS`."""
    return np.round(xy * 2**FRACTION_BITS).astype(np.int32)


def fill(board: np.ndarray, outline: np.ndarray, colour: np.ndarray) -> None:
    """Fill the polygon `outline`, (n, 2) positions x, y, on a board of bytes."""
    cv2.fillPoly(board, [points(outline)], ink(colour), cv2.LINE_AA, FRACTION_BITS)


def trace(board: np.ndarray, path: np.ndarray, colour: np.ndarray, width: float) -> None:
    """Draw a line through `path`, (n, 2) positions x, y, on a board of bytes."""
    cv2.polylines(board, [points(path)], False, ink(colour), max(1, round(width)), cv2.LINE_AA, FRACTION_BITS)


def disc(board: np.ndarray, place: np.ndarray, radius: float, colour: np.ndarray) -> None:
    """Fill a disc on a board of bytes."""
    x, y = points(place).tolist()
    cv2.circle(board, (x, y), round(radius * 2**FRACTION_BITS), ink(colour), -1, cv2.LINE_AA, FRACTION_BITS)


def mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return `below` where `share` (size, size) is 0, `above` where it is 1, and a mixture between."""
    return (below + (above - below) * share[..., None]).astype(np.float32)


# Colours that belong together, chosen in CIELAB, where equal distances look about equally large.
#
# Photographs and paintings are mostly muted, and their hues gather along one line from orange to blue (Ruderman et al.
# 1998, "Statistics of cone responses to natural images"). Saturated colours are rare, but they must occur.

WARM, COLD = 65.0, 255.0  # hue angles in CIELAB, degrees
STEPS = 1024


def lab(lightness: float, chroma: float, hue: float) -> np.ndarray:
    """Return lightness 0 … 100, chroma 0 … about 100 and hue in degrees as RGB in [0, 1]."""
    angle = np.radians(hue)
    colour = np.array([[[lightness, chroma * np.cos(angle), chroma * np.sin(angle)]]], np.float32)
    return np.clip(cv2.cvtColor(colour, cv2.COLOR_LAB2RGB)[0, 0], 0, 1)


def palette(rng: Rng) -> np.ndarray:
    """Return 3 to 7 colours, (n, 3) float32 RGB in [0, 1]: mostly from dark to light, at times in any order."""
    count = int(rng.integers(3, 8))
    hues = _hues(rng, count)
    strength = rng.choice([6, 15, 28, 50], p=[0.2, 0.4, 0.28, 0.12])
    low, high = rng.uniform(2, 30), rng.uniform(65, 98)
    lightness = np.linspace(low, high, count) + rng.normal(0, 6, count)
    colours = np.array(
        [
            lab(light, strength * rng.gamma(3, 1 / 3), hue)
            for light, hue in zip(np.clip(lightness, 2, 98), hues, strict=True)
        ]
    )
    return rng.permutation(colours) if rng.random() < 0.3 else colours


def _hues(rng: Rng, count: int) -> np.ndarray:
    """Return `count` hues in degrees: one hue, two opposed ones, orange and blue, or any."""
    scheme = rng.choice(["one", "opposed", "warm and cold", "any"], p=[0.25, 0.2, 0.4, 0.15])
    if scheme == "any":
        return rng.uniform(0, 360, count)
    if scheme == "warm and cold":
        return rng.choice([WARM, COLD], count) + rng.normal(0, 22, count)
    first = rng.uniform(0, 360) if rng.random() < 0.4 else rng.choice([WARM, COLD]) + rng.normal(0, 25)
    turned = 180 * (rng.random(count) < 0.4) if scheme == "opposed" else 0
    return first + turned + rng.normal(0, 14, count)


def colour_by(tone: np.ndarray, colours: np.ndarray, steps: bool = False) -> np.ndarray:
    """Return for each tone in [0, 1] its colour on the ramp through `colours`, or with `steps` the nearest of them."""
    at = np.linspace(0, len(colours) - 1, STEPS)
    if steps:
        at = np.round(at)
    ramp = np.stack([np.interp(at, np.arange(len(colours)), channel) for channel in colours.T], 1).astype(np.float32)
    return ramp[(np.clip(tone, 0, 1) * (STEPS - 1)).astype(np.int32)]


def varied(rng: Rng, colours: np.ndarray, amount: float) -> np.ndarray:
    """Return colours (n, 3), each a little lighter or darker, with a little less change of hue; clipped to [0, 1]."""
    light = rng.normal(0, amount, (len(colours), 1))
    return np.clip(colours + light + rng.normal(0, amount / 3, colours.shape), 0, 1).astype(np.float32)


# Smooth random fields: the ground of clouds, of warped patterns, and of every colour that changes slowly.
#
# A field has one number for each pixel, (size, size) float32, about normally distributed with mean 0 and deviation 1.


def smooth(rng: Rng, size: int, blobs: float) -> np.ndarray:
    """Return a field with about `blobs` light and dark blobs along a side."""
    grains = max(2, round(blobs)) + 3
    field = cv2.resize(
        rng.standard_normal((grains, grains)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC
    )
    return standard(field)


def fractal(rng: Rng, size: int, blobs: float, octaves: int = 5, gain: float = 0.5) -> np.ndarray:
    """Return a sum of fields, each with twice as many blobs as the one before and `gain` times as strong.

    With gain 1 the power falls with the square of the frequency, as in photographs (Field 1987); with 0.5 with the
    fourth power, as in soft clouds.
    """
    field = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        if blobs * 2**octave <= size / 2:
            field += gain**octave * smooth(rng, size, blobs * 2**octave)
    return standard(field)


def standard(field: np.ndarray) -> np.ndarray:
    """Return the field with mean 0 and deviation 1."""
    return (field - field.mean()) / (field.std() + 1e-6)


def spread(field: np.ndarray) -> np.ndarray:
    """Return the field stretched to [0, 1]; a hundredth of it is clipped at each end."""
    low, high = np.percentile(field[::4, ::4], (1, 99))
    return np.clip((field - low) / (high - low + 1e-6), 0, 1).astype(np.float32)


def slopes(field: np.ndarray, blur: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how fast a blurred field grows along x and along y."""
    blurred = cv2.GaussianBlur(field, (0, 0), blur)
    return cv2.Sobel(blurred, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(blurred, cv2.CV_32F, 0, 1) / 8


def look_up(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the picture's values at positions x, y in pixels; beyond its border it is mirrored."""
    x, y = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def warp(rng: Rng, picture: np.ndarray, distance: float, blobs: float) -> np.ndarray:
    """Return the picture with its pixels moved by about `distance` pixels, smoothly."""
    size = len(picture)
    x, y = coordinates(size)
    return look_up(picture, x + distance * smooth(rng, size, blobs), y + distance * smooth(rng, size, blobs))


# Direction fields, along which strokes, hairs and lines run: one unit vector (x, y) for each pixel.
#
# The vortices and spirals are for skies like Van Gogh's, the level lines for skies like Munch's.

Directions = Callable[[Rng, int], np.ndarray]  # (random numbers, side) → (side, side, 2) float32, unit vectors
COARSE = 4  # vortices are summed on every fourth pixel: they are smooth


def orientation(rng: Rng) -> Directions:
    """Choose a kind of direction field and its scale; return the function that makes one such field."""
    layout = rng.choice(["straight", "waving", "wandering", "vortices", "level lines"], p=[0.15, 0.15, 0.15, 0.35, 0.2])
    main = rng.uniform(0, np.pi)
    scale = log_uniform(rng, 40, 220)
    bend = rng.uniform(0.3, 1) * rng.choice([-1, 1])
    if layout == "vortices":
        return vortices(rng, main, scale)
    if layout == "level lines":
        return lambda draw, size: along_levels(fractal(draw, size, size / scale, 2), 3)

    def directions(draw: Rng, size: int) -> np.ndarray:
        if layout == "straight":
            return from_angle(main + 0.15 * smooth(draw, size, 3))
        if layout == "wandering":
            return from_angle(main + 1.3 * smooth(draw, size, size / scale))
        x, y = coordinates(size)
        across = x * np.cos(main + 1.2) + y * np.sin(main + 1.2)
        return from_angle(main + bend * np.sin(2 * np.pi * across / scale + draw.uniform(0, 2 * np.pi)))

    return directions


def vortices(rng: Rng, main: float, scale: float) -> Directions:
    """Return a field of whirls, spirals or rays about `scale` pixels wide in a slow stream along the angle `main`."""
    turn = np.pi / 2 + rng.choice([0, 0.5, -0.5, np.pi / 2], p=[0.45, 0.25, 0.2, 0.1])
    both_ways = rng.random() < 0.5
    stream = rng.uniform(0.05, 0.3)

    def directions(draw: Rng, size: int) -> np.ndarray:
        x, y = coordinates(-(-size // COARSE))
        x, y = x * COARSE, y * COARSE
        u, v = np.full_like(x, stream * np.cos(main)), np.full_like(x, stream * np.sin(main))
        for _ in range(int(np.clip((size / scale) ** 2, 1, 30))):
            dx, dy = x - draw.uniform(-20, size + 20), y - draw.uniform(-20, size + 20)
            width = scale * draw.uniform(0.3, 0.7)
            side = draw.choice([-1, 1]) if both_ways else 1
            distance2 = dx * dx + dy * dy
            weight = side * np.exp(-distance2 / (2 * width * width)) / np.sqrt(distance2 + 1)
            u += weight * (dx * np.cos(turn) - dy * np.sin(turn))
            v += weight * (dx * np.sin(turn) + dy * np.cos(turn))
        return unit(cv2.resize(np.stack([u, v], -1).astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR))

    return directions


def along_levels(field: np.ndarray, blur: float) -> np.ndarray:
    """Return the directions in which a field, or a grey picture, stays the same: along its contours."""
    dx, dy = slopes(field, blur)
    return unit(np.stack([-dy, dx], -1))


def from_angle(angle: np.ndarray) -> np.ndarray:
    """Return the unit vectors of angles in radians."""
    return np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1; where there is none, the vector along x."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-8, vectors / np.maximum(length, 1e-8), np.float32([1, 0])).astype(np.float32)


def follow(directions: np.ndarray, starts: np.ndarray, step: float, steps: int, turned: np.ndarray) -> np.ndarray:
    """Return paths (n, steps + 1, 2) from `starts` (n, 2) along the directions, each turned by its angle `turned` (n,).

    A direction and its opposite are the same line: each step takes the one that goes on forward.
    """
    size = len(directions)
    cos, sin = np.cos(turned), np.sin(turned)
    paths = np.empty((len(starts), steps + 1, 2), np.float32)
    paths[:, 0] = starts
    before = None
    for i in range(steps):
        column, row = np.clip(paths[:, i].astype(np.int32), 0, size - 1).T
        x, y = directions[row, column].T
        ahead = np.stack([x * cos - y * sin, x * sin + y * cos], 1)
        if before is not None:
            ahead *= np.where((ahead * before).sum(1, keepdims=True) < 0, -1, 1)
        paths[:, i + 1] = paths[:, i] + step * ahead
        before = ahead
    return paths


# Outlines of simple shapes, as polygons that fit into the unit circle: (n, 2) positions x, y.

#: Turns positions (n, 2) in a body, its radius being 1, into positions in pixels.
Frame = Callable[[np.ndarray | list], np.ndarray]
NAMES = ("ellipse", "box", "polygon", "star", "leaf", "crescent", "blob", "drop", "curl")
TURN = np.linspace(0, 2 * np.pi, 48, endpoint=False)
CIRCLE = np.stack([np.cos(TURN), np.sin(TURN)], 1)


def outline(rng: Rng, name: str, narrow: float, corners: int) -> np.ndarray:
    """Return the outline of a shape; `narrow` is its height over its width, `corners` counts a star's or polygon's."""
    if name == "box":
        return np.array([[-1, -narrow], [1, -narrow], [1, narrow], [-1, narrow]]) / np.sqrt(1 + narrow**2)
    if name == "polygon":
        return CIRCLE[:: len(CIRCLE) // corners] * [1, narrow]
    if name == "star":
        angle = np.arange(2 * corners) * np.pi / corners
        radius = np.where(np.arange(2 * corners) % 2, 0.45, 1)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    if name == "leaf":
        return np.stack([np.cos(TURN), narrow * np.sin(TURN) * np.abs(np.sin(TURN))], 1)
    if name == "drop":
        return np.stack([np.cos(TURN), narrow * np.sin(TURN) * (1 - np.cos(TURN)) / 1.3], 1)
    if name == "crescent":
        outer = CIRCLE[: len(CIRCLE) // 2 + 1]
        return np.vstack([outer, outer[::-1] * [1, 0.9 * (1 - narrow)]])
    if name == "curl":
        angle = np.linspace(0, 3.5 * np.pi, 40)
        line = (angle / angle[-1])[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        return np.vstack([line, 0.82 * line[::-1]])
    if name == "blob":
        bumps = sum(rng.normal(0, 0.25 / k) * np.cos(k * TURN + rng.uniform(0, 2 * np.pi)) for k in range(2, 6))
        return CIRCLE * np.clip(0.75 + bumps, 0.3, 1)[:, None]
    return CIRCLE * [1, narrow]


def frame(place: np.ndarray, radius: float, angle: float) -> Frame:
    """Return the function that enlarges positions to `radius`, turns them by `angle` (radians) and moves them."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = radius * np.array([[cos, sin], [-sin, cos]])
    return lambda xy: np.asarray(xy, float) @ turn + place
