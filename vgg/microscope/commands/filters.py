"""`python -m vgg filters`: conv1_1's kernels; for deeper layers, the picture that maximally activates each channel."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vgg.console.progress import steps_display
from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.image.file import check_output, write_image
from vgg.image.sheet import contact_sheet
from vgg.layers import layer_named
from vgg.matfile.read import Weights
from vgg.microscope.commands.inputs import output_channels, read_weights, weights_label
from vgg.microscope.drawing.colours import around_grey, pixelated

OUTPUT = Path("output/filters.png")
FEW = 9  # channels, where each takes a second
ITERATIONS = 30

Cells = list[tuple[str, np.ndarray]]


def run(options: argparse.Namespace) -> None:
    """Write the sheet."""
    require_convolution(options.layer)
    output = options.output or OUTPUT
    check_output(output)
    weights = read_weights(options.weights)
    count = output_channels(weights, options.layer)
    looks_at_pixels = options.layer == "conv1_1"
    channels = parse_channels(options.channels, options.layer, count)
    if channels is None:
        channels = list(range(count if looks_at_pixels else min(FEW, count)))
    title, cells = kernels(weights, channels) if looks_at_pixels else stimuli(weights, options, channels)
    columns = math.ceil(math.sqrt(len(cells)))
    sheet = contact_sheet(cells, columns, height=96 if looks_at_pixels else 224, title=title, font_size=0.45)
    write_image(output, sheet)
    say(f"written: {output}")


def require_convolution(name: str) -> None:
    """Return if the layer has filters.

    Raises:
        InputError: it is a ReLU or a pool; the message names the convolution before it.
    """
    kind = layer_named(name).kind
    if kind == "conv":
        return
    before = name.replace("relu", "conv") if kind == "relu" else f"conv{name[-1]}_1"
    what = "a ReLU" if kind == "relu" else "a pool"
    raise InputError(f"--layer is {name}, {what} without filters, expected a convolution, such as {before}")


def parse_channels(text: str | None, layer: str, count: int) -> list[int] | None:
    """Return `0,17,42` as numbers; None stays None.

    Raises:
        InputError: something in it is not a channel of the layer, or is there twice.
    """
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    known = {str(channel): channel for channel in range(count)}
    if not all(word in known for word in words):
        raise InputError(f"--channels is {text!r}, expected numbers from 0 to {count - 1} ({layer}), such as 0,1,2")
    if len(set(words)) < len(words):
        raise InputError(f"--channels is {text!r}, expected each number once; leave out the repeated ones")
    return [known[word] for word in words]


def kernels(weights: Weights, channels: Sequence[int]) -> tuple[tuple[str, ...], Cells]:
    """Return title and cells for conv1_1: it looks at pixels, so its kernels (3, 3, RGB) are pictures themselves."""
    kernel = weights.convolutions["conv1_1"].kernel  # (3, 3, 3, out)
    title = (
        f"conv1_1: {len(channels)} of its {kernel.shape[3]} kernels, 3 x 3 pixels in RGB; " + weights_label(weights),
        "channel: largest weight in magnitude; grey = 0, brighter = positive, darker = negative, each on its own scale",
    )
    pictures = [kernel[..., channel] for channel in channels]
    labels = [f"{channel}: {np.abs(picture).max():.3g}" for channel, picture in zip(channels, pictures, strict=True)]
    return title, [
        (label, pixelated(around_grey(picture), 96)) for label, picture in zip(labels, pictures, strict=True)
    ]


def stimuli(weights: Weights, options: argparse.Namespace, channels: Sequence[int]) -> tuple[tuple[str, ...], Cells]:
    """Return title and cells for deeper layers: the picture that maximally activates each channel."""
    start_tensorflow()
    from vgg.microscope.ascent import Maximum, maximize
    from vgg.network import VGG19

    def describe(maximum: Maximum) -> str:
        return f"channel {maximum.channel}: mean {maximum.before:.3g} on noise, {maximum.after:.3g} on its picture"

    with steps_display(sys.stdout, len(channels), describe) as show:
        found = maximize(VGG19(weights), options.layer, channels, ITERATIONS, options.seed, show)
    title = (
        f"{options.layer}: the picture that maximally activates each channel; " + weights_label(weights),
        f"by {ITERATIONS} steps of gradient ascent on the pixels, starting from noise (seed {options.seed})",
        "channel: its mean on the noise -> on the picture shown",
    )
    return title, [(f"{each.channel}: {each.before:.3g} -> {each.after:.3g}", each.picture) for each in found]
