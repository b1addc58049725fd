"""`layers`: the shapes and costs of every layer, computed from the table in `vgg.layers` without running the network.

Kernels and parameters are those of Simonyan & Zisserman 2015, Table 1, E, or of a file with other numbers of channels.
The paper's 144 million parameters include the fully connected layers; the convolutions have 20,024,384.
"""

import argparse
import json
import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS, LAYERS, SMALLEST_SIDE, receptive_field
from vgg.matfile.read import read
from vgg.microscope.draw import text_table
from vgg.tools.console import printable, say_lines

#: The number of output channels of each convolution in the paper.
PAPER_CHANNELS = {layer.name: layer.channels for layer in CONVOLUTIONS}

HEADER = ("layer", "index", "kind", "kernel", "output", "sees", "stride", "parameters", "multiply-adds", "MB")
EXPLANATION = (
    "index: in the .mat file's `layers`; kernel: height×width×in×out; output: batch×height×width×channels; sees and "
    "stride:\npixels of the picture, in height and in width; MB: 10^6 bytes of float32 output"
)


class Row(NamedTuple):
    """One layer applied to an image."""

    name: str
    index: int  # in the file's `layers`
    kind: str
    kernel: tuple[int, ...] | None  # (3, 3, in, out) of a convolution
    output: tuple[int, int, int, int]  # (1, height, width, channels)
    receptive_field: int  # in pixels, the same in height and in width
    stride: int  # pixels between neighbouring positions
    parameters: int
    multiply_adds: int  # of a convolution; 0 for a ReLU or a pool
    activation_bytes: int  # of the output in float32


def layer_table(height: int, width: int, channels: Mapping[str, int] = PAPER_CHANNELS) -> list[Row]:
    """Return the 37 rows conv1_1 … pool5 for an image of height × width pixels.

    `channels` is the number of output channels of each convolution, by name.
    """
    rows, maps = [], 3  # RGB
    for layer in LAYERS:
        kernel, parameters, multiply_adds = None, 0, 0
        if layer.kind == "conv":
            kernel = (3, 3, maps, channels[layer.name])
            weights = 3 * 3 * maps * channels[layer.name]
            maps = channels[layer.name]
            parameters, multiply_adds = weights + maps, weights * height * width
        elif layer.kind == "pool":
            height, width = math.ceil(height / 2), math.ceil(width / 2)  # no row of an odd side is lost
        size, stride, _ = receptive_field(layer.name)
        output = (1, height, width, maps)
        head = (layer.name, layer.index, layer.kind, kernel, output, size, stride)
        rows.append(Row(*head, parameters, multiply_adds, 4 * height * width * maps))
    return rows


def parse_size(text: str) -> tuple[int, int]:
    """Return (height, width) in pixels from a text such as `663x1000`.

    Raise InputError if it has another form, or if a side is shorter than `SMALLEST_SIDE`.
    """
    match = re.fullmatch(r"(\d{1,9})[x×](\d{1,9})", text)
    height, width = map(int, match.groups()) if match else (0, 0)
    if min(height, width) < SMALLEST_SIDE:
        raise InputError(
            f"--size is {text!r}, expected HEIGHTxWIDTH in pixels, such as 663x1000, at least {SMALLEST_SIDE} each"
        )
    return height, width


def run(options: argparse.Namespace) -> None:
    """Print the table, of the paper's channel counts or of those in the file `--weights`."""
    height, width = parse_size(options.size)
    channels, network = PAPER_CHANNELS, "VGG-19 (Simonyan & Zisserman 2015, Table 1, E)"
    if options.weights:
        convolutions = read(options.weights).convolutions
        channels, network = {name: int(conv.bias.size) for name, conv in convolutions.items()}, str(options.weights)
    rows = layer_table(height, width, channels)
    names = ("parameters", "multiply_adds", "activation_bytes")
    totals = {name: sum(getattr(row, name) for row in rows) for name in names}
    if options.json:
        layers = [row._asdict() for row in rows]
        table = {"network": network, "input": [1, height, width, 3], "layers": layers, "totals": totals}
        say_lines(json.dumps(table, indent=2))
    else:
        title = f"{printable(network)} on a picture of height {height} and width {width}"
        say_lines(f"{title}\n\n{as_text(rows, totals)}\n\n{EXPLANATION}")


def as_text(rows: list[Row], totals: Mapping[str, int]) -> str:
    """Return the table as lines, an empty one after each of the five blocks."""
    cells: list[tuple[str, ...]] = [HEADER]
    for row in rows:
        kernel = "×".join(map(str, row.kernel)) if row.kernel else ""
        parameters, multiply_adds = (f"{n:,}" if n else "" for n in (row.parameters, row.multiply_adds))
        place = (row.name, str(row.index), row.kind, kernel, "×".join(map(str, row.output)))
        sees = (str(row.receptive_field), str(row.stride))
        cells.append((*place, *sees, parameters, multiply_adds, f"{row.activation_bytes / 1e6:.1f}"))
        if row.kind == "pool":
            cells.append(())
    sums = (f"{totals['parameters']:,}", f"{totals['multiply_adds']:,}", f"{totals['activation_bytes'] / 1e6:.1f}")
    cells.append(("total", "", f"{len(CONVOLUTIONS)} conv", "", "", "", "", *sums))
    return text_table(cells, "<><<<>>>>>")
