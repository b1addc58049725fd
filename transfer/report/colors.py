"""Colours of lines that are seen as well on white as on black: all have the same luminance, near the middle.

Luminance is that of WCAG 2.1 (relative luminance, sRGB), where a contrast of 3 is asked of lines and 4.5 of text. At
0.18 it is 4.6 on white and 4 on the dark page.
"""

import colorsys
from collections.abc import Sequence

LUMINANCE = 0.18
SATURATION = 0.75
#: Hues, of the whole circle, from the first layer to the last: warm ones for content, cool ones for style.
CONTENT_HUES, STYLE_HUES, OTHER_HUES = (0.0, 0.12), (0.46, 0.84), (0.22, 0.36)


def hues(span: tuple[float, float], count: int) -> list[float]:
    """Return `count` hues at equal distances."""
    first, last = span
    return [first + (last - first) * i / max(1, count - 1) for i in range(count)]


def line_color(hue: float, saturation: float = SATURATION) -> str:
    """Return `#rrggbb` with this hue and `LUMINANCE`; found by halving, as luminance grows with lightness."""
    low, high = 0.0, 1.0
    for _ in range(20):
        lightness = (low + high) / 2
        rgb = colorsys.hls_to_rgb(hue, lightness, saturation)
        low, high = (lightness, high) if luminance(rgb) < LUMINANCE else (low, lightness)
    return "#" + "".join(f"{round(255 * value):02x}" for value in rgb)


def luminance(rgb: Sequence[float]) -> float:
    """Return the relative luminance of sRGB values in [0, 1]."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
