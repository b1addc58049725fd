"""`python -m vgg compare A B`: content and style distance at each layer, as a table and a bar chart."""

import argparse
from pathlib import Path

import numpy as np

from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say, say_lines
from vgg.image.file import check_output, write_image
from vgg.image.sheet import contact_sheet, stacked
from vgg.microscope.commands.inputs import read_picture, read_weights, weights_label
from vgg.microscope.drawing.bar_chart import bar_chart
from vgg.microscope.drawing.text_table import aligned

OUTPUT = Path("output/compare.png")
MEANING = "0: the same, 1: nothing in common"


def run(options: argparse.Namespace) -> None:
    """Print the table and write the chart."""
    output = options.output or OUTPUT
    check_output(output, [options.a, options.b])
    a, b = (read_picture(path, options.size) for path in (options.a, options.b))
    weights = read_weights(options.weights)
    start_tensorflow()
    from vgg.microscope.compare import compare
    from vgg.network import VGG19

    distances = compare(VGG19(weights), a, b)
    remark = stretching(a, b)
    say(f"content: maps position by position; {remark}")
    say(f"style: Gram matrices; {MEANING}")
    numbers = [(each.layer, f"{each.content:.4f}", f"{each.style:.4f}") for each in distances]
    say_lines(aligned([("layer", "content", "style"), *numbers], "<>>"))
    name_a, name_b = Path(options.a).name, Path(options.b).name
    title = (
        f"A and B at each layer of VGG-19, distances ({MEANING}); " + weights_label(weights),
        f"content: their maps, position by position ({remark}); style: their Gram matrices",
    )
    pictures = contact_sheet([(f"A: {name_a}", a), (f"B: {name_b}", b)], height=240, title=title, font_size=0.5)
    rows = [(each.layer, (each.content, each.style)) for each in distances]
    write_image(output, stacked([pictures, bar_chart(rows, ("content", "style"))]))
    say(f"written: {output}")


def stretching(a: np.ndarray, b: np.ndarray) -> str:
    """Return what was done to make positions comparable."""
    size_a, size_b = (f"{image.shape[1]} x {image.shape[0]}" for image in (a, b))
    return "both of one size" if size_a == size_b else f"B stretched from {size_b} to A's {size_a} pixels"
