"""`python -m vgg features IMAGE`: a sheet of one layer's feature maps, or a summary of every layer's."""

import argparse
import math
from pathlib import Path

import numpy as np

from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say, say_lines
from vgg.errors import InputError
from vgg.image.file import check_output, write_image
from vgg.image.sheet import contact_sheet
from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.microscope.commands.inputs import read_picture, read_weights, weights_label
from vgg.microscope.drawing.colours import grey, pixelated
from vgg.microscope.drawing.text_table import aligned
from vgg.microscope.features import strongest_channels, summarize

OUTPUT = Path("output/features.png")
AFTER_RELU = tuple(layer.name for layer in LAYERS if layer.kind != "conv")
HEADER = ("layer", "positions", "channels", "mean", "zeros", "silent", "strongest channels")
MAP_HEIGHT = 96  # pixels on the sheet; a few maps get twice as much


def run(options: argparse.Namespace) -> None:
    """Write the sheet, or print the summary."""
    if options.layer is None and not options.summary:
        raise InputError("no layer was named; add --layer conv3_1 for its maps, or --summary for a table of all layers")
    if options.summary and (options.output or options.top):
        raise InputError("--summary prints a table and draws nothing; leave out --output and --top")
    output = options.output or OUTPUT
    check_output(output, [options.image])
    image = read_picture(options.image, options.size)
    weights = read_weights(options.weights)
    names = (options.layer,) if options.layer else AFTER_RELU
    start_tensorflow()
    from vgg.network import VGG19

    found = VGG19(weights)(image[None].astype(np.float32), names)
    maps = {name: found[name].numpy()[0] for name in names}  # (H', W', C) each
    if options.summary:
        say_lines(as_text(maps))
        return
    (layer_maps,) = maps.values()
    write_image(output, draw(image, Path(options.image).name, options.layer, layer_maps, options.top, weights))
    say(f"written: {output}")


def as_text(maps: dict[str, np.ndarray]) -> str:
    """Return the summary of the layers as a table."""
    rows: list[tuple[str, ...]] = [HEADER]
    for name, layer_maps in maps.items():
        height, width, channels = layer_maps.shape
        summary = summarize(layer_maps)
        numbers = (f"{summary.mean:.4g}", f"{100 * summary.sparsity:.1f} %", str(summary.silent))
        rows.append((name, f"{height}×{width}", str(channels), *numbers, " ".join(map(str, summary.strongest))))
    return aligned(rows, "<>>>>><")


def draw(
    image: np.ndarray, picture: str, layer: str, maps: np.ndarray, top: int | None, weights: Weights
) -> np.ndarray:
    """Return the sheet: the picture, then all maps by channel or the `top` strongest, strongest first."""
    channels = strongest_channels(maps, top) if top else list(range(maps.shape[2]))
    height = MAP_HEIGHT if len(channels) > 64 else 2 * MAP_HEIGHT
    cells = [(picture, image)]
    for channel in channels:
        values = maps[..., channel]
        label = f"{channel}: {values.min():.3g} to {values.max():.3g}"
        cells.append((label, pixelated(grey(values), height)))
    which = f"the {len(channels)} strongest of {maps.shape[2]} maps" if top else f"all {maps.shape[2]} maps"
    title = (
        f"{layer} of {picture}: {which}, {maps.shape[0]} x {maps.shape[1]} positions each",
        "channel: smallest to largest value, drawn from black to white; " + weights_label(weights),
    )
    return contact_sheet(cells, math.ceil(math.sqrt(len(cells))), height, title, font_size=0.4)
