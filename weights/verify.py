"""Says what a weights file is: published, saved again, partly genuine, trained by this program, or something else.

The published VGG-19 is recognised by its numbers, layer by layer, whatever file they are in: a digest changes when a
program saves the file again, these figures do not. Of conv1_1 … conv3_4 the figures cover every number. Of the kernels
of conv4_1 … conv5_4 they cover one of the nine positions, the only one that is known to us, so only the digest can
vouch for the other eight.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, product
from pathlib import Path

import numpy as np

from vgg.errors import typed
from vgg.layers import CONVOLUTIONS, LAYERS, Layer
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.write import LARGEST_LEVEL, Bits
from weights.published import BIASES, CORNERS, MEAN_RGB, WHOLE_KERNELS, recognise

#: The first words of the `origin` of networks that this program made.
TRAINED_ORIGIN, UNTRAINED_ORIGIN = "imitates", "untrained random filters"
#: The same of networks that earlier versions of this program trained.
EARLIER_ORIGIN = "trained on drawings"
#: The same of the genuine network in the small form, and what its bits are followed by: see `weights.shrink`.
SHRUNK_ORIGIN, SHRUNK_FROM = "shrunk to ", " bits from "

#: What is printed with five decimals differs from the number itself by up to 5e-6.
ABSOLUTE_TOLERANCE = 1e-5

#: One rounding to float32 changes a number by up to 6e-8 of its size.
RELATIVE_TOLERANCE = 1e-7


def is_genuine(weights: Weights) -> bool:
    """Return whether every convolution carries the published numbers, with height and width in their places."""
    return len(published_layers(weights)) == len(CONVOLUTIONS)


def published_layers(weights: Weights) -> list[str]:
    """Return the names of the convolutions that carry the published numbers, in the order of the network."""
    bits = shrunk_to(weights)
    return [layer.name for layer in CONVOLUTIONS if _is_published(layer, weights.convolutions[layer.name], bits)]


def shrunk_to(weights: Weights) -> Bits | None:
    """Return the bits of each number of a kernel in the small form, as its writer said; None: it is not of that form.

    Then its kernels need only have the published numbers to within the rounding.
    """
    starts = {bits: f"{SHRUNK_ORIGIN}{bits}{SHRUNK_FROM}" for bits in LARGEST_LEVEL}
    return next((bits for bits, start in starts.items() if weights.origin.startswith(start)), None)


def transposed(weights: Weights) -> Weights:
    """Return `weights` with height and width of every kernel swapped, which undoes what some programs do to them."""
    swapped = {name: Conv(kernel.transpose(1, 0, 2, 3), bias) for name, (kernel, bias) in weights.convolutions.items()}
    return replace(weights, convolutions=swapped)


def _is_published(layer: Layer, conv: Conv, bits: Bits | None = None) -> bool:
    kernel, bias = conv
    if kernel.shape != (3, 3, layer.channels_in, layer.channels):
        return False
    numbers = [(*bias[:3], _sum(bias)), (*kernel[2, 2, 0, :3], _sum(kernel[2, 2]))]
    published = [BIASES[layer.name], CORNERS[layer.name]]
    # Each number of filter i may be off by half a step of it, and a little more because its scale is rounded up.
    largest = np.abs(kernel).max(axis=(0, 1, 2)) if bits else np.zeros(layer.channels)
    half_steps = 0.501 * largest / LARGEST_LEVEL[bits or 8]
    of_sum = layer.channels_in * half_steps.sum()
    rounding = [np.zeros(4), (*half_steps[:3], of_sum)]
    if layer.name in WHOLE_KERNELS:
        numbers.append((*kernel[0, 2, 0, :3], _sum(kernel), _sum(np.abs(kernel))))
        published.append(WHOLE_KERNELS[layer.name])
        rounding.append((*half_steps[:3], 9 * of_sum, 9 * of_sum))
    tolerance = ABSOLUTE_TOLERANCE + np.hstack(rounding)
    return np.allclose(np.hstack(numbers), np.hstack(published), rtol=RELATIVE_TOLERANCE, atol=tolerance)


def _sum(numbers: np.ndarray) -> float:
    """Return the sum in float64: in float32 it would depend on the order of the numbers."""
    return float(numbers.sum(dtype=np.float64))


def verify(path: Path | str) -> tuple[str, list[tuple[str, str]]]:
    """Read the whole file; return what it is in a few words, and (label, value) lines that support this verdict.

    Raises WeightsError if the file is no usable VGG-19.
    """
    weights = read(path)
    is_published_file = recognise(weights.path) is not None
    verdict = describe(weights)
    if is_published_file:
        verdict = f"genuine ImageNet VGG-19, the published file ({weights.layout} layout)"
    elif is_genuine(weights) and not shrunk_to(weights):
        verdict += ", re-saved"
    channels = [weights.convolutions[layer.name].bias.size for layer in CONVOLUTIONS]
    counts = ", ".join(f"{len(list(run))}×{count}" for count, run in groupby(channels))
    parameters = sum(kernel.size + bias.size for kernel, bias in weights.convolutions.values())
    red, green, blue = weights.mean_rgb
    published, how = _published(weights)
    if shrunk_to(weights):
        how += ", to within the rounding"
    return verdict, [
        ("file", f"{weights.path}, {weights.path.stat().st_size:,} bytes"),
        ("layout", f"{weights.layout} (mean colour in `{'meta.' * (weights.layout == 'later')}normalization`)"),
        ("layers", f"all {len(LAYERS)}, conv1_1 … pool5; {parameters:,} parameters; channels {counts}"),
        ("mean colour", f"red {red:.3f}, green {green:.3f}, blue {blue:.3f}"),
        ("SHA-256", f"{weights.sha256}, {'a' if is_published_file else 'not a'} published file"),
        ("numbers", f"the published ones in {_names(published) or 'no convolution'}{how}"),
        *([("made from", weights.origin)] if shrunk_to(weights) else []),
        *_facts_to_check(weights),
    ]


def coarse_layers(weights: Weights) -> list[str]:
    """Return the convolutions whose kernels take at most 256 different values, as in a file of 8 bits a number.

    The published figures cannot tell: of the upper kernels they have one position of nine, which may well be exact.
    """
    corners = {name: kernel[0, 0] for name, (kernel, _) in weights.convolutions.items()}
    return [name for name, corner in corners.items() if corner.size > 256 >= np.unique(corner).size > 1]


def rounded_before(weights: Weights) -> str:
    """Return which kernels were rounded to 8 bits, as words that follow a name; "" if none was."""
    coarse = coarse_layers(weights)
    return f", the kernels of {_names(coarse)} rounded to 8 bits" if coarse else ""


def describe(weights: Weights) -> str:
    """Return what the network is in a few words; its numbers count more than what its writer said of them."""
    if is_genuine(weights):
        shrunk_from = f", {weights.origin.partition(', SHA-256')[0]}" if shrunk_to(weights) else ""
        return f"genuine ImageNet VGG-19{shrunk_from or rounded_before(weights)}"
    if weights.origin.startswith((TRAINED_ORIGIN, EARLIER_ORIGIN, UNTRAINED_ORIGIN)):
        return weights.origin
    if any(weights.convolutions[layer.name].bias.size != layer.channels for layer in CONVOLUTIONS):
        return "a network of VGG-19's layers with other channel counts"
    if is_genuine(transposed(weights)):
        return "ImageNet VGG-19 with height and width of its kernels swapped: pictures will come out wrong"
    published, how = _published(weights)
    if not published:
        return "unknown VGG-19: the right shapes, but not the published numbers"
    others = [layer.name for layer in CONVOLUTIONS if layer.name not in published]
    return (
        f"partly genuine ImageNet VGG-19: the published numbers are in {_names(published)}{how}, "
        f"not in {_names(others)}"
    )


def _published(weights: Weights) -> tuple[list[str], str]:
    """Return the convolutions that carry the published numbers, and what has to be said of their kernels."""
    as_they_are, swapped = published_layers(weights), published_layers(transposed(weights))
    if len(swapped) > len(as_they_are):
        return swapped, " with height and width swapped"
    return as_they_are, ""


def _facts_to_check(weights: Weights) -> list[tuple[str, str]]:
    """Return what a user can compare with published numbers by eye; nothing if conv1_1 does not have them.

    weights/README.md shows these numbers and says why they decide the matter.
    """
    kernel, bias = weights.convolutions["conv1_1"]
    for height_first, red_first in product((True, False), repeat=2):
        ordered = kernel if height_first else kernel.transpose(1, 0, 2, 3)
        conv1_1 = Conv(ordered if red_first else ordered[:, :, ::-1], bias)
        if _is_published(CONVOLUTIONS[0], conv1_1, shrunk_to(weights)):
            break
    else:
        return []
    blue = 2 if red_first else 0
    numbers = (kernel[:, 0, blue, 0], kernel[0, :, blue, 0], kernel[0, 0, :, 0])
    axis_0, axis_1, colours = (", ".join(f"{value:.6f}" for value in values) for values in numbers)
    axes = "axis 0 is height" if height_first else "axis 0 is width, expected height"
    order = "red, green, blue" if red_first else "blue, green, red, expected red first"
    # Some files have the mean colour rounded to whole levels.
    is_published_mean = np.allclose(weights.mean_rgb, MEAN_RGB, rtol=0, atol=0.5)
    mean = "the published one" if is_published_mean else f"not the published {', '.join(map(str, MEAN_RGB))}"
    pictures = ("tubingen.jpg", "seated-nude.jpg")
    comparison = typed("transfer.figures", "printed-losses", *pictures, "--weights", str(weights.path))
    return [
        ("orientation", f"conv1_1 kernel[:, 0, {blue}, 0] is {axis_0}; kernel[0, :, {blue}, 0] is {axis_1}: {axes}"),
        ("colours", f"conv1_1 kernel[0, 0, :, 0] is {colours}: {order}; the mean colour is {mean}"),
        ("losses", f"compare them with those that neural-style printed: `{comparison}`"),
    ]


def _names(convolutions: Sequence[str]) -> str:
    """Return three or more neighbours in the network as `conv1_1 … conv3_4`, all others one by one."""
    positions = {layer.name: i for i, layer in enumerate(CONVOLUTIONS)}
    # Names that follow each other in the network differ in position as much as in their place in the list.
    runs = [list(run) for _, run in groupby(enumerate(convolutions), lambda item: positions[item[1]] - item[0])]
    return ", ".join(
        f"{run[0][1]} … {run[-1][1]}" if len(run) > 2 else ", ".join(name for _, name in run) for run in runs
    )
