"""The sample style picture: an expressive 'oil painting', painted by code stroke by stroke.

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
