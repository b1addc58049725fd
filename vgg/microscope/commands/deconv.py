"""`python -m vgg deconv IMAGE`: patches of a picture beside what the deconvnet says caused a layer's activations."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.image.file import check_output, resize_to, write_image
from vgg.image.sheet import contact_sheet, stacked
from vgg.layers import receptive_field
from vgg.matfile.read import Weights
from vgg.microscope.commands.inputs import output_channels, read_picture, read_weights, weights_label
from vgg.microscope.drawing.colours import around_grey, pixelated

if TYPE_CHECKING:
    from vgg.microscope.causes import Cause

OUTPUT = Path("output/deconv.png")
TOP = 9
OVERVIEW_HEIGHT, PATCH_HEIGHT, PAIRS_PER_ROW = 480, 160, 3
FITS = 0.995  # of a pattern's values, see `around_grey`
_BOX, _INK = (255, 220, 0), (0, 0, 0)


def run(options: argparse.Namespace) -> None:
    """Write the sheet."""
    if options.channel is not None and options.top is not None:
        raise InputError("--channel and --top were both given, expected one of them; leave one out")
    output = options.output or OUTPUT
    check_output(output, [options.image])
    image = read_picture(options.image, options.size)
    weights = read_weights(options.weights)
    channels = output_channels(weights, options.layer)
    if options.channel is not None and options.channel >= channels:
        raise InputError(f"--channel is {options.channel}, but {options.layer} has the channels 0 to {channels - 1}")
    start_tensorflow()
    from vgg.microscope.causes import causes

    found = causes(weights, image, options.layer, options.channel, options.top or TOP)
    picture = Path(options.image).name
    if not found:
        what = "all channels" if options.channel is None else f"channel {options.channel}"
        raise InputError(f"{what} of {options.layer}: no activation above 0 in {picture}, expected one; choose another")
    write_image(output, draw(image, picture, options.layer, found, weights))
    say(f"written: {output}")


def draw(image: np.ndarray, picture: str, layer: str, found: "list[Cause]", weights: Weights) -> np.ndarray:
    """Return the picture with a numbered box for each activation; below it each box's content and what caused it."""
    size = receptive_field(layer).size
    cells = []
    for number, cause in enumerate(found, start=1):
        patch, low, high = image[cause.rows, cause.columns], cause.pattern.min(), cause.pattern.max()
        cells.append((f"{number}: channel {cause.channel} = {cause.activation:.4g}", pixelated(patch, PATCH_HEIGHT)))
        cells.append((f"{low:.3g} to {high:.3g}", pixelated(around_grey(cause.pattern, FITS), PATCH_HEIGHT)))
    title = (
        f"deconvnet (Zeiler & Fergus 2014): what in {picture} activated channels of {layer} most strongly",
        f"left: what that activation sees, up to {size} x {size} pixels (the numbered boxes); channel = activation",
        "right: the pattern in it that caused the activation, RGB around grey = 0; its smallest to largest value",
        weights_label(weights),
    )
    overview = contact_sheet([(picture, boxed(image, found))], height=OVERVIEW_HEIGHT, title=title, font_size=0.5)
    return stacked([overview, contact_sheet(cells, 2 * PAIRS_PER_ROW, PATCH_HEIGHT, font_size=0.5)])


def boxed(image: np.ndarray, found: "list[Cause]") -> np.ndarray:
    """Return the picture at the overview's height with a numbered box around each activation's patch."""
    scale = OVERVIEW_HEIGHT / image.shape[0]
    canvas = resize_to(image, OVERVIEW_HEIGHT, round(image.shape[1] * scale)).copy()
    for number, cause in enumerate(found, start=1):
        left, top = round(cause.columns.start * scale), round(cause.rows.start * scale)
        right, bottom = round(cause.columns.stop * scale) - 1, round(cause.rows.stop * scale) - 1
        cv2.rectangle(canvas, (left, top), (right, bottom), _BOX, 1)
        cv2.rectangle(canvas, (left, top), (left + 14 * len(str(number)), top + 18), _BOX, cv2.FILLED)
        cv2.putText(canvas, str(number), (left + 2, top + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return canvas
