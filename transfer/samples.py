"""The two sample pictures, drawn by code, so that the first run needs no file.

The content, `scene`: an old town by a mountain lake in late afternoon light.

Drawn from back to front. The ideas: fractal noise for clouds, rock and ripples; warm light from the left; aerial
perspective, paler with distance; supersampling (drawn at twice the size) for smooth edges. Coordinates are fractions
of the height, y from 0 to 1, x from 0 to width / height; colours are RGB from 0 to 255.

The style, `painting`: an expressive 'oil painting', painted stroke by stroke.

A huge sun and cold whirls turn in a night sky over a rolling sea; trees rise at the right like dark flames.
Three ideas make it look painted:
- flow-field strokes painted from large to small over an underpainting (Hertzmann 1998, 'Painterly Rendering with
  Curved Brush Strokes of Multiple Sizes'): a stroke takes the colour below its start, runs along the flow and
  stops where the underpainting gets too different, so that outlines stay legible;
- bristles: a stroke is a bundle of thin parallel lines of slightly different colour with ragged ends;
- impasto: every bristle also leaves a height, and the relief of all heights is lit from the upper left.
"""

import cv2
import numpy as np

HAZE, SNOW, LEAF = np.float32([[216, 208, 206], [250, 240, 236], [74, 98, 45]])
LIT, SHADED = np.float32([[1.12, 1.05, 0.92], [0.84, 0.82, 0.86]])  # factors for what faces the light and what does not
WALLS = [(230, 180, 86), (240, 232, 214), (222, 150, 130), (168, 192, 172), (244, 214, 156), (160, 182, 206)]
ROOFS, GLASS = [(152, 68, 46), (128, 64, 52), (160, 86, 60)], [(50, 60, 84)] * 6 + [(255, 206, 110)]
# Mountain ranges: base, peaks (share of the width and rise), colour, share of haze.
RANGES = [
    (0.47, [(0.08, 0.10), (0.42, 0.31), (0.57, 0.10), (0.88, 0.21)], (106, 108, 126), 0.28),
    (0.51, [(0.0, 0.20), (0.24, 0.08), (0.66, 0.14), (1.0, 0.16)], (80, 98, 112), 0.28),
    (0.57, [(0.12, 0.13), (0.42, 0.08), (0.74, 0.17), (1.1, 0.2)], (78, 96, 54), 0.06),
]
# Polygons of the church and of the boat: colour and corners (x to the right, y upwards).
CHURCH = [
    ((140, 68, 52), [(0, 0), (0, 1), (0.2, 1.3), (1.3, 1.3), (1.5, 1), (1.5, 0)]),
    ((252, 230, 184), [(-0.25, 0), (0, 0), (0, 2), (-0.25, 2)]),
    ((176, 166, 156), [(0, 0), (0.32, 0), (0.32, 2), (0, 2)]),
    ((48, 48, 58), [(0.1, 1.4), (0.22, 1.4), (0.22, 1.75), (0.16, 1.85), (0.1, 1.75)]),
    ((144, 152, 152), [(-0.32, 1.97), (0, 1.97), (0, 3.6)]),
    ((58, 70, 86), [(0.38, 1.97), (0, 1.97), (0, 3.6)]),
]
BOAT = [
    ((124, 44, 34), [(-0.5, 0), (0.42, 0), (0.64, 0.19), (-0.53, 0.13)]),
    ((254, 244, 224), [(0.05, 0.2), (0.08, 1.7), (-0.25, 0.9), (-0.5, 0.24)]),
    ((208, 200, 202), [(0.12, 0.22), (0.1, 1.5), (0.4, 0.7), (0.6, 0.24)]),
]


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
    v = 0.14 * len(texture) / elevation
    return cv2.remap(texture, 1.4 * x * v + 0.3 * len(texture), v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def landscape(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a sky with a low sun and a deck of clouds, and in front of it range behind range of mountains."""
    distance = np.hypot(x - 0.27, y - 0.27)[..., None]
    glow = np.exp(-distance / 0.25) + 1.5 * np.exp(-((distance / 0.035) ** 4))
    image = HAZE + (np.float32([24, 78, 164]) - HAZE) * np.clip(1 - y / 0.6, 0, 1)[..., None] ** 0.8
    density = recede(noise(rng, *x.shape, 5), x - 0.1, 0.8 - np.minimum(y, 0.6))[..., None]
    lit = np.clip(0.62 + 0.2 * slopes(density[..., 0]) - 0.6 * (density - 0.62), 0, 1)
    clouds = np.float32([128, 134, 162]) + lit * np.float32([128, 116, 82])
    image += (clouds - image) * np.clip(4.5 * (density - 0.47), 0, 0.95) + glow * np.float32([120, 66, -16])
    for base, peaks, colour, haze in RANGES:
        rises = [rise * np.exp(-np.abs(x[0] - at * x[0, -1]) / 0.2) for at, rise in peaks]
        profile = base + 0.06 - np.max(rises, axis=0) - 0.22 * noise(rng, *x.shape, 5)[0]
        ground = 1 - np.abs(2 * noise(rng, *x.shape, 4, 0.7) - 1)
        snow = np.clip(25 * (0.28 - y + 0.2 * (ground - 0.7)), 0, 1)[..., None]
        rock = (colour + (SNOW - colour) * snow) * np.clip(0.88 + 0.3 * slopes(ground), 0.35, 1.4)
        rock += (HAZE - rock) * np.clip(haze + 1.6 * (y - profile - 0.05), haze, 0.65)[..., None]
        image[y > profile] = rock[y > profile]
    return image


def draw(image: np.ndarray, parts: list, x: float, y: float, size: tuple[float, float]) -> None:
    """Draw a list of polygons, given as colour and corners, at a place and in a size."""
    for colour, corners in parts:
        pixels = (np.array(corners) * size + (x, y)) * len(image)
        cv2.fillPoly(image, [np.round(pixels).astype(np.int32)], np.array(colour, float).tolist())


def house(rng: np.random.Generator) -> list:
    """Return the polygons of a gabled house: its left side, in the light, its front, and the windows."""
    wide, storeys = rng.uniform(0.8, 1.0), int(rng.integers(2, 5))
    high = 0.28 + 0.33 * storeys
    top, eaves, end, middle = high + rng.uniform(0.5, 0.75), high - 0.1, wide + 0.08, wide / 2
    wall, roof, wood = (rng.choice(colours) for colours in (WALLS, ROOFS, [(66, 90, 72), (112, 60, 46)]))
    trim = [(middle, top), (end, eaves), (end, eaves - 0.1), (middle, top - 0.1), (-0.08, eaves - 0.1), (-0.08, eaves)]
    parts = [
        (wall * LIT, [(-0.35, 0), (0, 0), (0, high), (-0.35, high)]),
        (wall * SHADED, [(0, 0), (wide, 0), (wide, high), (middle, top), (0, high)]),
        (roof * LIT * 1.2, [(-0.1, eaves), (middle, top), (middle - 0.4, top), (-0.5, eaves)]),
        (roof * 0.6, trim),
    ]
    for low in 0.1 + 0.33 * np.arange(storeys + 1):
        for x in wide * np.array([0.25, 0.5, 0.75] if low < eaves else [0.5]):
            for half, colour in [(0.11, wood), (0.065, WALLS[1]), (0.045, rng.choice(GLASS))]:
                left, right, up = x - half, x + half, low + 0.25 - half / 2
                parts.append((colour, [(left, low), (right, low), (right, up), (left, up)]))
    return parts


def foliage(image: np.ndarray, x: float, y: float, size: float, colour: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a clump of leaves, dark ones first and those that face the light last."""
    spots = rng.normal(0, 0.38, (180, 2))
    facing = -0.7 * spots.sum(axis=1) + rng.normal(0, 0.3, len(spots))
    for i in np.argsort(facing):
        centre = np.round((spots[i] * size + (x, y)) * len(image)).astype(int)
        leaf = colour * np.clip(0.62 + 0.6 * facing[i], 0.25, 1.7)
        cv2.circle(image, centre.tolist(), max(1, round(0.0045 * len(image))), leaf.tolist(), -1)


def town(image: np.ndarray, x: np.ndarray, y: np.ndarray, shore: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a wood, two rows of houses with the church between them, and the wall of the quay."""
    for share in np.arange(0, 1, 0.01):
        foliage(image, share * x[0, -1], shore[int(share * len(shore))] - rng.uniform(0.02, 0.05), 0.03, LEAF, rng)
    # Houses stand closer together where they are farther away; behind the front row, a row on higher ground.
    for first, lift, growth in [(0.6, 0.085, 0.8), (0.4, 0, 1)]:
        for share in np.linspace(first, 1, round(21 * (1 - first) * x[0, -1])) ** 1.8:
            size = growth * (0.034 + 0.056 * share**1.3)
            at, ground = share * x[0, -1] - 0.4 * size, shore[int(share * len(shore)) - 1] - 0.3 * size - lift * share
            draw(image, house(rng), at, ground, (size, -size))
            foliage(image, at + rng.uniform(-0.3, 0.9) * size, ground, 0.3 * size, LEAF, rng)
        if lift:
            draw(image, CHURCH, 0.6 * x[0, -1], 0.63, (0.12, -0.12))
    quay = y > shore - 0.012 - 0.01 * x
    image[quay] = (np.float32([186, 166, 138]) * (0.5 + 0.6 * noise(rng, *x.shape, 40, 3))[..., None])[quay]


def scene(height: int = 576, width: int = 768, seed: int = 0) -> np.ndarray:
    """Return the scene, RGB (height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 2 * height, 0 : 2 * width].astype(np.float32) / (2 * height)
    image, shore = landscape(x, y, rng), 0.605 + 0.05 * x[0] + 0.02 * x[0] ** 2
    town(image, x, y, shore, rng)
    # The lake mirrors all above the shore; ripples break the picture, and a boat sails on it.
    mirrored = cv2.remap(image, x * len(x), (2 * shore - y) * len(x), cv2.INTER_LINEAR)
    draw(mirrored, BOAT, 0.43 * x[0, -1], 0.83, (0.13, 0.11))
    ripples = slopes(recede(noise(rng, *x.shape, 30, 3.5), x - 0.6, np.maximum(y - 0.5, 0.05)))
    depth = np.clip(y - shore, 0, 1)
    sway = (0.06 * depth + 0.0015) * ripples[..., 0] * len(x)
    u, v = x * len(x) + 0.4 * sway, y * len(x) + sway
    water = cv2.remap(mirrored, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    # Seen more steeply, near the viewer, water mirrors less and shows its own deep colour.
    water += (np.float32([16, 48, 70]) - water) * np.clip(0.15 + 1.1 * depth, 0, 0.7)[..., None]
    sunny = np.exp(-(((x - 0.25) / (0.08 + 0.4 * depth)) ** 2))[..., None]
    water += np.clip(ripples - 0.8, 0, 1.4) * (sunny * np.float32([130, 92, 40]) + 20)
    image[depth > 0] = water[depth > 0]
    draw(image, BOAT, 0.43 * x[0, -1], 0.83, (0.13, -0.13))
    draw(image, [((50, 38, 32), [(0, 1), (0.06, 1), (0.045, 0.6), (0.07, 0.3), (0.01, 0.3)])], 0, 0, (1, 1))
    for spot in rng.normal(0, 1, (50, 2)).clip(-1.8, 1.8):
        foliage(image, *(spot * (0.062, 0.085) + (0.045, 0.27)), 0.042, (1.4, 1.15, 0.85) * LEAF - 18 * spot.sum(), rng)
    picture = 1.1 * cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) - 10
    return (picture + rng.normal(0, 2, (height, width, 1))).clip(0, 255).astype(np.uint8)


# Palettes run from dark to light; a tone between 0 and 1 picks a colour (RGB, 0 to 255).
SKY = [(8, 12, 48), (18, 32, 108), (28, 66, 170), (38, 122, 194), (112, 190, 200), (246, 238, 196)]
FIRE = [(70, 22, 66), (190, 38, 24), (238, 106, 20), (252, 176, 32), (255, 222, 92), (255, 248, 208)]
SEA = [(6, 22, 48), (6, 50, 84), (8, 98, 122), (30, 148, 148), (132, 206, 182), (252, 244, 212)]
TREE = [(8, 8, 26), (12, 22, 36), (14, 46, 44), (44, 82, 40), (128, 104, 30), (214, 74, 26)]
# Whirls: centre (fractions of width and height), radius (fraction of height), sense of turning, palette.
WHIRLS = [
    (0.27, 0.33, 0.29, 1, FIRE),
    (0.64, 0.25, 0.26, -1, SKY),
    (0.91, 0.15, 0.12, 1, FIRE),
    (0.05, 0.08, 0.15, -1, SKY),
    (0.48, 0.50, 0.11, 1, SKY),
]
BREAKERS = [(0.11, 0.86, 0.16, -1, SEA), (0.60, 0.90, 0.12, 1, SEA)]
# Waves from far to near: level and size (fractions of the height), where along the wave the picture begins.
WAVES = [(0.645, 0.012, 0.3), (0.685, 0.022, 1.4), (0.745, 0.036, 2.9), (0.83, 0.052, 0.9), (0.95, 0.06, 2.0)]
# Trees: where the foot stands (fraction of width), top (fraction of height), half width (fraction of width).
TREES = [(0.79, 0.46, 0.055), (0.95, 0.36, 0.065), (0.87, 0.10, 0.09)]
# Passes from large to small: strokes per square as high as the picture, their length and width (of the height).
PASSES = [(980, 0.24, 0.036), (1120, 0.18, 0.022), (980, 0.10, 0.012), (380, 0.06, 0.007)]


def tint(tone: np.ndarray, palette: list[tuple[int, int, int]]) -> np.ndarray:
    """Return the palette's colour at each tone, interpolating between neighbours."""
    stops = np.linspace(0, 1, len(palette))
    return np.stack([np.interp(tone, stops, channel) for channel in np.array(palette).T], axis=-1)


def add_whirl(colour: np.ndarray, flow: np.ndarray, x: np.ndarray, y: np.ndarray, whirl: tuple) -> None:
    """Blend a spiral into the colours and the directions."""
    at_x, at_y, radius, turn, palette = whirl
    dx, dy = (x - at_x) * x.shape[1] / x.shape[0], y - at_y
    distance = np.hypot(dx, dy) / radius + 1e-6
    near = np.clip(1.8 * (1.2 - distance), 0, 1)[..., None]
    inwards = 0.22  # Going round and a little inwards traces logarithmic spirals; the arms follow them too.
    around = np.stack([-turn * dy - inwards * dx, turn * dx - inwards * dy], axis=-1) / radius
    arms = np.sin(2 * turn * np.arctan2(dy, dx) + 2 / inwards * np.log(distance))
    tone = 1 - 0.85 * distance + 0.14 * arms if palette is FIRE else 0.45 + 0.4 * arms - 0.05 * distance
    colour += (tint(tone, palette) - colour) * near
    flow += (2 * around / distance[..., None] - flow) * near


def add_sea(colour: np.ndarray, flow: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Paint the sea wave before wave, with the sun's light on the crests below it."""
    sunny = np.exp(-(((x - 0.28) / 0.15) ** 2))[..., None]
    for level, size, begin in WAVES:
        # The magnitude of a sine (slightly rounded) has narrow crests and wide troughs, as steep waves have.
        phase = 7 * (0.06 / size) ** 0.8 * x + begin
        crest = level + size * (1.5 * np.sqrt(np.sin(phase + 0.3 * np.sin(2 * phase)) ** 2 + 0.05) - 0.9)
        below = y > crest
        depth = np.clip(y - crest, 0, 1) / (3.2 * size)
        tone = 1 - 1.15 * np.sqrt(depth) + 0.14 * np.sin(17 * depth)
        wave = tint(tone, SEA)
        wave += (tint(tone, FIRE) - wave) * sunny * np.clip(3 * tone - 1, 0, 0.85)[..., None]
        colour[below] = wave[below]
        flow[below, 0] = 1
        flow[below, 1] = np.gradient(crest * x.shape[0], axis=1)[below]


def add_trees(colour: np.ndarray, flow: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Paint trees that flicker upwards like flames."""
    for foot, top, half in TREES:
        grown = np.clip((y - top) / (1.04 - top), 0, 1)
        trunk = foot + 0.03 * np.sin(8 * grown + 20 * foot) * (1.1 - grown)
        across = (x - trunk) / (half * grown**0.7 * (1 + 0.12 * np.sin(24 * grown + 9 * foot)) + 1e-6)
        inside = (np.abs(across) < 1) & (grown > 0)
        colour[inside] = tint(0.36 + 0.32 * np.sin(7 * across + 9 * grown) - 0.4 * across, TREE)[inside]
        flow[inside, 0] = (0.35 * across + 0.55 * np.cos(15 * grown + 3 * across))[inside]
        flow[inside, 1] = -1


def underpainting(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours to be painted (height, width, 3) and the directions to paint in (…, 2)."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    # The sky flows from left to right in long waves, and its colour changes across the flow: ribbons.
    across = y + 0.05 * np.sin(7 * x + 1) + 0.02 * np.sin(17 * x)
    colour = tint(0.38 + 0.2 * np.sin(42 * across) + 0.14 * np.sin(17 * across), SKY)
    dusk = np.exp(-(((across - 0.62) / 0.035) ** 2))[..., None]
    colour += (tint(0.3 + 0.25 * np.sin(90 * across), FIRE) - colour) * dusk
    flow = np.stack([np.ones_like(x), -np.gradient(across, axis=1) * height], axis=-1)
    for whirl in WHIRLS:
        add_whirl(colour, flow, x, y, whirl)
    add_sea(colour, flow, x, y)
    for breaker in BREAKERS:
        add_whirl(colour, flow, x, y, breaker)
    add_trees(colour, flow, x, y)
    return colour, flow / (np.linalg.norm(flow, axis=-1, keepdims=True) + 1e-6)


def trace(starts: np.ndarray, colour: np.ndarray, flow: np.ndarray, length: float) -> list[np.ndarray]:
    """Follow the flow from all starts at once; return one path, an array of (x, y), per stroke."""
    height, width = flow.shape[:2]
    points, colours, steps = [starts], [], 16
    for _ in range(steps):
        x, y = points[-1].clip(0, (width - 1, height - 1)).astype(int).T
        colours.append(colour[y, x])
        points.append(points[-1] + flow[y, x] * length / steps)
    differs = np.abs(np.array(colours) - colours[0]).sum(axis=2) > 200
    lengths = 1 + np.where(differs.any(axis=0), differs.argmax(axis=0), steps)
    # A stroke of less than four points is too short to show a direction.
    return [path[:count] for path, count in zip(np.stack(points, axis=1), lengths, strict=True) if count >= 4]


def brush(canvas: np.ndarray, path: np.ndarray, width: float, paint: np.ndarray, rng: np.random.Generator) -> None:
    """Draw one stroke as a bundle of bristles onto the canvas of red, green, blue and paint height."""
    along = np.gradient(path, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / (np.hypot(*along.T)[:, None] + 1e-6)
    time = np.linspace(0, 1, len(path))
    half = width / 2 * np.minimum(1, np.minimum(5 * time + 0.4, 2 * (1 - time) + 0.2))
    for offset in rng.permutation(np.linspace(-1, 1, max(3, round(width / 1.2)))):
        # Bristles at the rim touch the canvas later and leave it earlier: rounded, ragged ends.
        late, early = len(path) * rng.random(2) * (0.1, 0.4) * (0.3 + offset**2)
        line = (path + normal * (offset * half)[:, None])[int(late) : len(path) - int(early)]
        height = 120 + 22 * offset**2 + rng.normal(0, 24)
        pigment = np.append(paint + rng.normal(0, 13), height).clip(0, 255)
        cv2.polylines(canvas, [np.round(line * 16).astype(np.int32)], False, pigment.tolist(), 2, cv2.LINE_AA, 4)


def light(canvas: np.ndarray) -> np.ndarray:
    """Return the picture (height, width, 3), its paint relief lit from the upper left."""
    relief = cv2.GaussianBlur(canvas[..., 3].astype(np.float32), (0, 0), 0.9)
    slope = np.sum(np.gradient(relief), axis=0)[..., None].clip(-30, 30)
    return (canvas[..., :3] * (1 + 0.011 * slope) + 0.4 * slope.clip(0)).clip(0, 255).astype(np.uint8)


def painting(height: int = 576, width: int = 768, seed: int = 0) -> np.ndarray:
    """Return the painting, RGB (height, width, 3)."""
    rng = np.random.default_rng(seed)
    colour, flow = underpainting(height, width)
    # The canvas that shows between the strokes is dark and low.
    canvas = np.dstack([colour * 0.6, np.full((height, width), 60)]).clip(0, 255).astype(np.uint8)
    for density, length, thickness in PASSES:
        starts = (rng.random((density * width // height, 2)) * 1.1 - 0.05) * (width, height)
        for path in trace(starts, colour, flow, length * height):
            x, y = path[0].clip(0, (width - 1, height - 1)).astype(int)
            paint = colour[y, x] * rng.normal(1, 0.1) + rng.normal(0, 9, 3)
            if paint[2] > paint[0] and rng.random() < 0.05:
                paint = paint[::-1]  # A few blue strokes turn orange, their opposite: the night vibrates.
            brush(canvas, path, thickness * height, paint, rng)
    return light(canvas)
