"""Colours that belong together, chosen in CIELAB, where equal distances look about equally large.

Photographs and paintings are mostly muted, and their hues gather along one line from orange to blue (Ruderman et al.
1998, "Statistics of cone responses to natural images"). Saturated colours are rare, but they must occur.
"""

import cv2
import numpy as np

from weights.train.drawings.canvas import Rng

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
