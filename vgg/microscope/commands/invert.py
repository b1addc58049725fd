"""`python -m vgg invert IMAGE`: the picture rebuilt from one layer's maps alone."""

import argparse
import sys
from pathlib import Path

import numpy as np

from vgg.console.progress import steps_display
from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say
from vgg.image.file import check_output, write_image
from vgg.image.sheet import contact_sheet
from vgg.matfile.read import Weights
from vgg.microscope.commands.inputs import read_picture, read_weights, weights_label

OUTPUT = Path("output/invert.png")


def run(options: argparse.Namespace) -> None:
    """Write the sheet: the picture, the white noise, and the picture rebuilt from it."""
    output = options.output or OUTPUT
    check_output(output, [options.image])
    image = read_picture(options.image, options.size)
    weights = read_weights(options.weights)
    start_tensorflow()
    from vgg.microscope.invert import InversionStep, invert, white_noise
    from vgg.network import VGG19

    def describe(step: InversionStep) -> str:
        return f"mismatch {100 * step.mismatch:.3g} %"

    network, last = VGG19(weights), []
    target = network(image[None].astype(np.float32), [options.layer])[options.layer]
    start = white_noise(*image.shape[:2], weights.mean_rgb, options.seed)
    with steps_display(sys.stdout, options.iterations, describe) as show:

        def callback(step: InversionStep, _: np.ndarray) -> None:
            last[:] = [step]
            show(step)

        rebuilt = invert(network, options.layer, target, start, options.iterations, callback)
    write_image(output, draw(image, start, rebuilt, options, describe(last[0]) if last else "no step", weights))
    say(f"written: {output}")


def draw(
    image: np.ndarray,
    start: np.ndarray,
    rebuilt: np.ndarray,
    options: argparse.Namespace,
    mismatch: str,
    weights: Weights,
) -> np.ndarray:
    """Return the three pictures, (H, W, 3) each, side by side."""
    picture = Path(options.image).name
    title = (
        f"{picture} rebuilt from its maps of {options.layer} alone; " + weights_label(weights),
        f"{options.iterations} steps of L-BFGS on the pixels; mismatch: squared difference of the maps / their squares",
    )
    cells = [(picture, image), (f"start: white noise, seed {options.seed}", start), (f"rebuilt: {mismatch}", rebuilt)]
    return contact_sheet(cells, title=title, font_size=0.6)
