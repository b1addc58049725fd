"""The sample content picture: an old town by a mountain lake in late afternoon light, drawn by code.

It is built from back to front: sky, mountains, town, their reflection in the lake, a boat, a near tree. The
ideas: fractal noise for clouds, rock and ripples; light from the left, warm where it falls and cool elsewhere;
aerial perspective, paler with distance; and supersampling (drawn at twice the size) for smooth edges.
Lengths and coordinates are fractions of the height, so x runs from 0 to width / height.
"""

import cv2
import numpy as np

HAZE, LIT, SHADED = np.float32([[214, 208, 208], [1.14, 1.06, 0.92], [0.80, 0.78, 0.82]])
WALLS = [(216, 170, 88), (236, 226, 206), (214, 136, 116), (170, 190, 172), (238, 204, 148), (190, 104, 72)]
ROOFS = [(150, 66, 46), (128, 62, 50), (164, 82, 54), (104, 72, 66)]
# Mountain ranges: base, peaks (share of the width and rise), colour, share of haze.
RANGES = [(0.46, [(0.08, 0.10), (0.40, 0.31), (0.56, 0.12), (0.86, 0.22)], (104, 108, 128), 0.30),
          (0.50, [(0.0, 0.20), (0.24, 0.08), (0.64, 0.15), (1.0, 0.17)], (80, 98, 112), 0.28),
          (0.57, [(0.12, 0.13), (0.42, 0.08), (0.74, 0.17), (1.1, 0.2)], (74, 94, 56), 0.08)]
# Parts of the church and of the boat: corners (x to the right, y downwards) and colour.
CHURCH = [([(0, 0), (0, -1), (0.2, -1.3), (1.3, -1.3), (1.5, -1), (1.5, 0)], (134, 66, 52)),
          ([(-0.25, 0), (0, 0), (0, -2), (-0.25, -2)], (250, 226, 178)),
          ([(0, 0), (0.32, 0), (0.32, -2), (0, -2)], (172, 162, 152)),
          ([(-0.16, -1.4), (-0.07, -1.4), (-0.07, -1.8), (-0.16, -1.8)], (60, 62, 70)),
          ([(0.1, -1.4), (0.22, -1.4), (0.22, -1.8), (0.1, -1.8)], (40, 44, 56)),
          ([(-0.32, -1.96), (0, -1.96), (0.02, -3.6)], (136, 146, 150)),
          ([(0.4, -1.96), (0, -1.96), (0.02, -3.6)], (56, 68, 84))]
BOAT = [([(-0.5, 0.0), (0.42, 0.0), (0.62, -0.17), (-0.52, -0.13)], (120, 44, 36)),
        ([(-0.52, -0.13), (0.62, -0.17), (0.6, -0.13), (-0.52, -0.09)], (236, 222, 200)),
        ([(0.05, -0.2), (0.08, -1.7), (-0.25, -0.9), (-0.5, -0.26)], (252, 244, 226)),
        ([(0.12, -0.22), (0.1, -1.5), (0.4, -0.7), (0.6, -0.24)], (206, 200, 204))]


def noise(rng: np.random.Generator, height: int, width: int, cells: int, stretch: float = 1) -> np.ndarray:
    """Return fractal noise between 0 and 1: octaves of random values, ever finer and weaker."""
    total = np.zeros((height, width), np.float32)
    for octave in range(6):
        rows = cells * 2**octave + 1
        grid = rng.random((rows, int(rows * width / height / stretch) + 2), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return (total - total.min()) / (total.max() - total.min())


def slopes(ground: np.ndarray) -> np.ndarray:
    """Return how much each point of a relief faces the light at the left, in standard deviations."""
    smooth = cv2.GaussianBlur(ground, (0, 0), len(ground) / 300)
    rise = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) + 0.5 * cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return (rise / rise.std())[..., None]


def recede(texture: np.ndarray, x: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """Return a texture laid out as a level plane, which shrinks with 1 / elevation towards the horizon."""
    far = 0.14 * len(texture) / elevation
    u = x * far * 1.4 + 0.3 * len(texture)
    return cv2.remap(texture, u, far, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def sky(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a sky whose low sun at the left lights a deck of clouds."""
    up = np.clip(1 - y / 0.6, 0, 1)[..., None]
    glow = np.exp(-np.hypot(x - 0.1, y - 0.36) / 0.3)[..., None]
    image = HAZE + (np.float32([30, 86, 166]) - HAZE) * up**0.8 + glow * np.float32([90, 24, -70])
    density = recede(noise(rng, *x.shape, 5), x - 0.1, 0.70 - np.minimum(y, 0.6))
    cover = np.clip(4.5 * (density - 0.48), 0, 0.95)[..., None]
    lit = np.clip(0.62 + 0.16 * slopes(density) - 0.6 * (density[..., None] - 0.62), 0, 1)
    clouds = np.float32([132, 138, 164]) + lit * np.float32([122, 110, 76]) + glow * np.float32([40, -4, -60])
    return image + (clouds - image) * cover


def mountains(image: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    """Draw range behind range: snowy rock far away, green hills nearer."""
    for base, peaks, colour, haze in RANGES:
        rises = [rise * np.exp(-np.abs(x[0] - at * x[0, -1]) / 0.2) for at, rise in peaks]
        profile = base + 0.06 - np.max(rises, axis=0) - 0.22 * noise(rng, *x.shape, 5)[0]
        ground = 1 - np.abs(2 * noise(rng, *x.shape, 4, 0.7) - 1)
        shade = np.clip(0.9 + 0.32 * slopes(ground), 0.35, 1.5)
        rock = np.float32(colour) * shade
        snow = np.clip(25 * (0.30 - y + 0.2 * (ground - 0.7)), 0, 1)[..., None]
        rock += (np.float32([250, 242, 240]) * shade**0.7 - rock) * snow
        mist = np.clip(haze + 1.6 * (y - profile - 0.05), haze, 0.7)[..., None]
        rock += (HAZE - rock) * mist
        image[y > profile] = rock[y > profile]


def fill(image: np.ndarray, points: list, colour: np.ndarray, foot: float = 1) -> None:
    """Fill a polygon; its brightness falls to `foot` at the lower end."""
    corners = np.round(np.array(points) * len(image)).astype(np.int32)
    left, top = corners.min(0).clip(0)
    right, bottom = corners.max(0).clip(0) + 1
    part = image[top:bottom, left:right]
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(mask, [corners - (left, top)], 1)
    shades = np.linspace(1, foot, len(part), dtype=np.float32)[:, None, None] * np.float32(colour)
    part[mask > 0] = np.broadcast_to(shades, part.shape)[mask > 0]


def house(image: np.ndarray, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """Draw a gabled house: its front, and its left side, in the light, going back."""
    wide, storeys = rng.uniform(0.8, 1.0), int(rng.integers(2, 5))
    high, ridge = 0.28 + 0.33 * storeys, 0.28 + 0.33 * storeys + rng.uniform(0.5, 0.75)
    wall, roof, wood = (np.float32(rng.choice(each)) for each in (WALLS, ROOFS, [(66, 90, 72), (112, 60, 46)]))
    eave = wide / 2 + 0.08, high - 0.1
    parts = [([(-0.35, 0), (0, 0), (0, high), (-0.35, high)], wall * LIT),
             ([(0, 0), (wide, 0), (wide, high), (wide / 2, ridge), (0, high)], wall * SHADED),
             ([(-0.08, high - 0.1), (wide / 2, ridge), (wide / 2 - 0.4, ridge), (-0.48, high - 0.1)], roof * LIT * 1.2),
             ([(wide / 2, ridge), (wide + 0.08, high - 0.1), (wide + 0.08, high - 0.2), (wide / 2, ridge - 0.1), (-0.08, high - 0.2), (-0.08, high - 0.1)], roof * 0.6),
             ([(wide * 0.1, ridge - 0.3), (wide * 0.1 - 0.12, ridge - 0.3), (wide * 0.1 - 0.12, ridge + 0.06), (wide * 0.1, ridge + 0.06)], roof * 0.8)]
    for storey in range(storeys + 1):
        for column in range(3 if storey < storeys else 1):
            left, low = wide * (column + 1) / (4 if storey < storeys else 2), 0.1 + 0.33 * storey
            for half, colour in [(0.11, wood), (0.06, (240, 232, 214)), (0.042, (50, 60, 84) if rng.random() < 0.85 else (255, 206, 110))]:
                rise = 0.24 - half / 2
                parts.append(([(left - half, low), (left + half, low), (left + half, low + rise), (left - half, low + rise)], colour))
    for points, colour in parts:
        fill(image, np.array(points) * (size, -size) + (x, y), colour, 0.85)


def foliage(image: np.ndarray, x: float, y: float, size: float, colour: tuple, rng: np.random.Generator) -> None:
    """Draw a clump of leaves, dark ones first and those that face the light last."""
    spots = rng.normal(0, 0.4, (160, 2)).clip(-1, 1)
    facing = -0.7 * spots.sum(axis=1) + rng.normal(0, 0.25, len(spots))
    for i in np.argsort(facing):
        centre = np.round((spots[i] * size + (x, y)) * len(image)).astype(int)
        leaf = np.float32(colour) * np.clip(0.62 + 0.6 * facing[i], 0.3, 1.7)
        cv2.circle(image, centre.tolist(), max(1, round(size * 0.12 * len(image))), leaf.tolist(), -1)


def shore(x: np.ndarray) -> np.ndarray:
    """Return the level of the far shore; it comes nearer, and so lower, to the right."""
    return 0.60 + 0.05 * x + 0.035 * x * x


def town(image: np.ndarray, aspect: float, rng: np.random.Generator) -> None:
    """Draw a wood, two rows of houses with the church between them, and the wall of the quay."""
    for x in np.linspace(0, aspect, 90):
        foliage(image, x, shore(x) - rng.uniform(0.02, 0.05), 0.03, (64, 84, 46), rng)
    for lift, growth in [(0.085, 0.8), (0.0, 1.0)]:
        x = (0.4 if lift else 0.22) * aspect
        while x < aspect:
            size = growth * (0.034 + 0.056 * (x / aspect) ** 1.3)
            ground = shore(x) - size * 0.3 - lift * x / aspect
            house(image, x, ground, size, rng)
            foliage(image, x + rng.uniform(-0.3, 0.9) * size, ground - size * 0.05, size * 0.35, (78, 104, 48), rng)
            x += size * rng.uniform(1.0, 1.3)
        if lift:
            for points, colour in CHURCH:
                fill(image, np.array(points) * 0.12 + (0.6 * aspect, 0.63), colour, 0.85)
    for a in np.arange(-0.02, aspect, 0.02):
        for course in range(4):
            rise = np.array([0.012 + 0.02 * (a / aspect) ** 2]) * (1 - course / 4)
            points = [(a, shore(a) - rise[0]), (a + 0.02, shore(a + 0.02) - rise[0]), (a + 0.02, shore(a + 0.02)), (a, shore(a))]
            fill(image, points, np.float32([160, 144, 124]) * rng.uniform(0.7, 1.1))


def lake(image: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    """Mirror everything above the shore in the water, broken by ripples, and set a boat on it."""
    height, aspect = len(image), x[0, -1]
    mirrored = cv2.remap(image, x * height, (2 * shore(x) - y) * height, cv2.INTER_LINEAR)
    for points, colour in BOAT:
        fill(mirrored, np.array(points) * (0.13, -0.10) + (0.36 * aspect, 0.80), np.float32(colour) * 0.8)
    ripples = slopes(recede(noise(rng, *x.shape, 24, 3), x - aspect / 2, np.maximum(y - 0.5, 0.05)))[..., 0]
    depth = np.clip(y - shore(x), 0, 1)
    sway = (0.05 * depth + 0.0015) * ripples * height
    water = cv2.remap(mirrored, x * height + 0.5 * sway, y * height + sway, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    deep = np.float32([18, 44, 62])
    water += (deep - water) * np.clip(0.22 + 1.1 * depth, 0, 0.75)[..., None]
    glitter = np.exp(-(((x - 0.14) / (0.05 + 0.3 * depth)) ** 2)) * np.clip(ripples - 1.0, 0, 1.2)
    water += glitter[..., None] * np.float32([150, 112, 62])
    water += np.clip(ripples - 0.8, 0, 2)[..., None] * np.float32([16, 22, 28])
    image[depth > 0] = water[depth > 0]
    for points, colour in BOAT:
        fill(image, np.array(points) * 0.13 + (0.36 * aspect, 0.80), colour, 0.9)


def near_tree(image: np.ndarray, x: float, y: float, angle: float, length: float, rng: np.random.Generator) -> None:
    """Draw a branch, the smaller branches that grow from it, and leaves at their ends."""
    end = np.array([x + length * np.sin(angle), y - length * np.cos(angle)])
    side = np.array([np.cos(angle), np.sin(angle)]) * length * 0.07
    fill(image, [(x, y) - side, (x, y) + side, end + 0.7 * side, end - 0.7 * side], np.float32([40, 30, 28]))
    if length < 0.045:
        foliage(image, *end, 0.035, (92, 98, 30), rng)
        return
    for turn in (-0.5, 0.05, 0.55):
        near_tree(image, *end, angle + turn + rng.normal(0, 0.15), length * rng.uniform(0.62, 0.78), rng)


def scene(height: int = 576, width: int = 768, seed: int = 0) -> np.ndarray:
    """Return the scene, RGB (height, width, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : 2 * height, 0 : 2 * width].astype(np.float32)
    x, y = columns / (2 * height), rows / (2 * height)
    image = sky(x, y, rng)
    mountains(image, x, y, rng)
    town(image, width / height, rng)
    lake(image, x, y, rng)
    near_tree(image, 0.1, 1.02, -0.05, 0.24, rng)
    picture = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    picture += rng.normal(0, 3, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)
