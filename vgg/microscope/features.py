"""`features IMAGE`: a sheet of one layer's feature maps, or a summary of every layer's."""

import argparse
import math

import numpy as np

from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.microscope.draw import grey, pixelated, text_table
from vgg.network import VGG19
from vgg.tools.console import say_lines
from vgg.tools.sheet import contact_sheet

AFTER_RELU = tuple(layer.name for layer in LAYERS if layer.kind != "conv")
HEADER = ("layer", "positions", "channels", "mean", "zeros", "silent", "strongest channels")
NAMED = 5  # channels in a row of the summary
MAP_HEIGHT = 96  # pixels on the sheet; up to 64 maps get twice as much


def strongest_channels(maps: np.ndarray, count: int) -> list[int]:
    """Return the `count` most active channels of (H, W, C), strongest first; among equals the lowest number first.

    How active a channel is: the mean of its values after a ReLU.
    """
    strengths = np.maximum(maps, 0).mean(axis=(0, 1), dtype=np.float64)  # (C,)
    return np.argsort(-strengths, kind="stable")[:count].tolist()


def run(options: argparse.Namespace, weights: Weights, image: np.ndarray) -> np.ndarray | None:
    """Print the summary and return None, or return the sheet of all maps of one layer or of the `--top` strongest."""
    names = (options.layer,) if options.layer else AFTER_RELU
    tensors = VGG19(weights)(image[None].astype(np.float32), names)
    if options.summary:
        say_lines(as_text({name: tensors[name].numpy()[0] for name in names}))
        return None
    maps = tensors[options.layer].numpy()[0]  # (H', W', C)
    count = maps.shape[2]
    channels = strongest_channels(maps, options.top) if options.top else range(count)
    height = MAP_HEIGHT if len(channels) > 64 else 2 * MAP_HEIGHT
    cells = [(options.image.name, image)]
    for channel in channels:
        values = maps[..., channel]
        label = f"{channel}: {values.min():.3g} to {values.max():.3g}"
        cells.append((label, pixelated(grey(values), height)))
    which = f"the {len(channels)} strongest of {count} maps" if options.top else f"all {count} maps"
    title = (
        f"{options.layer} of {options.image.name}: {which}, {maps.shape[0]} x {maps.shape[1]} positions each",
        f"channel: smallest to largest value, drawn from black to white; weights: {weights.label}",
    )
    return contact_sheet(cells, math.ceil(math.sqrt(len(cells))), height, title, font_size=0.4)


def as_text(maps: dict[str, np.ndarray]) -> str:
    """Return the summary of the layers' maps (H, W, C) as a table; `silent` channels have no value above 0."""
    rows: list[tuple[str, ...]] = [HEADER]
    for name, layer_maps in maps.items():
        height, width, channels = layer_maps.shape
        above = layer_maps > 0
        mean, zeros = layer_maps.mean(dtype=np.float64), 1 - above.mean()
        silent = channels - above.any(axis=(0, 1)).sum()
        strongest = " ".join(map(str, strongest_channels(layer_maps, NAMED)))
        numbers = (str(channels), f"{mean:.4g}", f"{100 * zeros:.1f} %", str(silent))
        rows.append((name, f"{height}×{width}", *numbers, strongest))
    return text_table(rows, "<>>>>><")
