"""`python -m vgg layers`: the table of the 37 layers, for reading or as JSON."""

import argparse
import json
from collections.abc import Mapping

from vgg.console.terminal import printable, say_lines
from vgg.layers import CONVOLUTIONS
from vgg.microscope.drawing.text_table import aligned
from vgg.shapes import PAPER_CHANNELS, Row, layer_table, parse_size

HEADER = ("layer", "index", "kind", "kernel", "output", "sees", "stride", "parameters", "multiply-adds", "MB")
EXPLANATION = (
    "index: in the .mat file's `layers`; kernel: height×width×in×out; output: batch×height×width×channels; sees and "
    "stride:\npixels of the picture, in height and in width; MB: 10^6 bytes of float32 output"
)


def run(options: argparse.Namespace) -> None:
    """Print the table, of the paper's channel counts or of those in the file `--weights`."""
    height, width = parse_size(options.size)
    channels, whose = PAPER_CHANNELS, "VGG-19 (Simonyan & Zisserman 2015, Table 1, E)"
    if options.weights:
        from vgg.matfile.read import read  # NumPy and SciPy: the paper's table does not wait for them

        weights = read(options.weights)
        channels = {name: int(conv.bias.size) for name, conv in weights.convolutions.items()}
        whose = str(options.weights)
    rows = layer_table(height, width, channels)
    if options.json:
        say_lines(json.dumps(as_json(rows, height, width, whose), indent=2))
    else:
        say_lines(as_text(rows, height, width, whose))


def totals(rows: list[Row]) -> Mapping[str, int]:
    """Return the sums over all layers."""
    return {
        name: sum(getattr(row, name) for row in rows) for name in ("parameters", "multiply_adds", "activation_bytes")
    }


def as_json(rows: list[Row], height: int, width: int, whose: str) -> dict[str, object]:
    """Return the table as a JSON object; sizes in pixels, memory in bytes."""
    layers = [row._asdict() for row in rows]
    return {"network": whose, "input": [1, height, width, 3], "layers": layers, "totals": totals(rows)}


def as_text(rows: list[Row], height: int, width: int, whose: str) -> str:
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
    sums = totals(rows)
    numbers = (f"{sums['parameters']:,}", f"{sums['multiply_adds']:,}", f"{sums['activation_bytes'] / 1e6:.1f}")
    cells.append(("total", "", f"{len(CONVOLUTIONS)} conv", "", "", "", "", *numbers))
    title = f"{printable(whose)} on a picture of height {height} and width {width}"
    return f"{title}\n\n{aligned(cells, '<><<<>>>>>')}\n\n{EXPLANATION}"
