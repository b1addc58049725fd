"""Says what a weights file is: published, saved again, partly genuine, trained by this program, or something else.

The published VGG-19 is recognised by its numbers, layer by layer, whatever file they are in: a digest changes when a
program saves the file again, these figures do not. Of conv1_1 … conv3_4 the figures cover every number. Of the kernels
of conv4_1 … conv5_4 they cover one of the nine positions, the only one that is known to us, so only the digest can
vouch for the other eight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vgg.errors import typed
from vgg.layers import CONVOLUTIONS, LAYERS, Layer
from vgg.matfile.read import Conv, Weights, read
from weights.published import BIASES, CORNERS, MEAN_RGB, WHOLE_KERNELS, recognise

#: The first words of the `origin` of networks that this program made.
TRAINED_ORIGIN, UNTRAINED_ORIGIN = "imitates", "untrained random filters"

#: What is printed with five decimals differs from the number itself by up to 5e-6.
ABSOLUTE_TOLERANCE = 1e-5

#: One rounding to float32 changes a number by up to 6e-8 of its size.
RELATIVE_TOLERANCE = 1e-7


class KernelAxes(NamedTuple):
    """What the axes of a kernel of conv1_1 are; both are true of the published files."""

    height_first: bool  # axis 0 is height and axis 1 width
    red_first: bool  # the input channels are red, green, blue


def is_genuine(weights: Weights) -> bool:
    """Return whether every convolution carries the published numbers, with height and width in their places."""
    return len(published_layers(weights)) == len(CONVOLUTIONS)


def published_layers(weights: Weights) -> list[str]:
    """Return the names of the convolutions that carry the published numbers, in the order of the network."""
    return [layer.name for layer in CONVOLUTIONS if _is_published(layer, weights.convolutions[layer.name])]


def axes_of_conv1_1(weights: Weights) -> KernelAxes | None:
    """Return how the kernel of conv1_1 is ordered; None if it has other numbers than the published ones."""
    kernel, bias = weights.convolutions["conv1_1"]
    for axes in (KernelAxes(*choices) for choices in product((True, False), repeat=2)):
        ordered = kernel if axes.height_first else kernel.transpose(1, 0, 2, 3)
        ordered = ordered if axes.red_first else ordered[:, :, ::-1]
        if _is_published(CONVOLUTIONS[0], Conv(ordered, bias)):
            return axes
    return None


def has_published_mean(weights: Weights) -> bool:
    """Return whether the mean colour is the published one, red first; some files have it rounded to whole levels."""
    return np.allclose(weights.mean_rgb, MEAN_RGB, rtol=0, atol=0.5)


def transposed(weights: Weights) -> Weights:
    """Return `weights` with height and width of every kernel swapped, which undoes what some programs do to them."""
    swapped = {name: Conv(kernel.transpose(1, 0, 2, 3), bias) for name, (kernel, bias) in weights.convolutions.items()}
    return replace(weights, convolutions=swapped)


def _is_published(layer: Layer, conv: Conv) -> bool:
    kernel, bias = conv
    if kernel.shape != (3, 3, layer.channels_in, layer.channels):
        return False
    pairs = [
        ((*bias[:3], _sum(bias)), BIASES[layer.name]),
        ((*kernel[2, 2, 0, :3], _sum(kernel[2, 2])), CORNERS[layer.name]),
    ]
    if layer.name in WHOLE_KERNELS:
        found = (*kernel[0, 2, 0, :3], _sum(kernel), _sum(np.abs(kernel)))
        pairs.append((found, WHOLE_KERNELS[layer.name]))
    return all(np.allclose(*pair, rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE) for pair in pairs)


def _sum(numbers: np.ndarray) -> float:
    """Return the sum in float64: in float32 it would depend on the order of the numbers."""
    return float(numbers.sum(dtype=np.float64))


@dataclass(frozen=True)
class Report:
    """What `python -m weights verify` prints: a verdict, and (label, value) lines that support it."""

    verdict: str
    details: tuple[tuple[str, str], ...]


def verify(path: Path | str) -> Report:
    """Read the whole file and return what it is.

    Raises:
        WeightsError: the file is no usable VGG-19.
    """
    weights = read(path)
    source = recognise(weights.path)
    channels = [weights.convolutions[layer.name].bias.size for layer in CONVOLUTIONS]
    counts = ", ".join(f"{len(list(run))}×{count}" for count, run in groupby(channels))
    parameters = sum(kernel.size + bias.size for kernel, bias in weights.convolutions.values())
    red, green, blue = weights.mean_rgb
    published, how = _published(weights)
    details = (
        ("file", f"{weights.path}, {weights.path.stat().st_size:,} bytes"),
        ("layout", f"{weights.layout} (mean colour in `{'meta.' * (weights.layout == 'later')}normalization`)"),
        ("layers", f"all {len(LAYERS)}, conv1_1 … pool5; {parameters:,} parameters; channels {counts}"),
        ("mean colour", f"red {red:.3f}, green {green:.3f}, blue {blue:.3f}"),
        ("SHA-256", f"{weights.sha256}, {'a' if source else 'not a'} published file"),
        ("numbers", f"the published ones in {_names(published) or 'no convolution'}{how}"),
        *_facts_to_check(weights),
    )
    return Report(_verdict(weights, source is not None), details)


def is_vgg19(weights: Weights) -> bool:
    """Return whether every convolution has the channels of Simonyan & Zisserman's Table 1, column E."""
    return all(weights.convolutions[layer.name].bias.size == layer.channels for layer in CONVOLUTIONS)


def describe(weights: Weights) -> str:
    """Return what the network is in a few words; its numbers count more than what its writer said of them."""
    if is_genuine(weights):
        return "genuine ImageNet VGG-19"
    if weights.origin.startswith((TRAINED_ORIGIN, UNTRAINED_ORIGIN)):
        return weights.origin
    if not is_vgg19(weights):
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


def _verdict(weights: Weights, is_published_file: bool) -> str:
    if is_published_file:
        return f"genuine ImageNet VGG-19, the published file ({weights.layout} layout)"
    return f"{describe(weights)}, re-saved" if is_genuine(weights) else describe(weights)


def _facts_to_check(weights: Weights) -> list[tuple[str, str]]:
    """Return what a user can compare with published numbers by eye; nothing if conv1_1 does not have them.

    weights/README.md shows these numbers and says why they decide the matter.
    """
    axes = axes_of_conv1_1(weights)
    if axes is None:
        return []
    first_filter, blue = weights.convolutions["conv1_1"].kernel[..., 0], 2 if axes.red_first else 0
    axis_0, axis_1, colours = map(_numbers, (first_filter[:, 0, blue], first_filter[0, :, blue], first_filter[0, 0]))
    orientation = (
        f"conv1_1 kernel[:, 0, {blue}, 0] is {axis_0}; kernel[0, :, {blue}, 0] is {axis_1}: "
        f"{'axis 0 is height' if axes.height_first else 'axis 0 is width, expected height'}"
    )
    order = "red, green, blue" if axes.red_first else "blue, green, red, expected red first"
    mean = "the published one" if has_published_mean(weights) else f"not the published {', '.join(map(str, MEAN_RGB))}"
    pictures = ("tubingen.jpg", "seated-nude.jpg")
    comparison = typed("transfer.figures", "printed-losses", *pictures, "--weights", str(weights.path))
    return [
        ("orientation", orientation),
        ("colours", f"conv1_1 kernel[0, 0, :, 0] is {colours}: {order}; the mean colour is {mean}"),
        ("losses", f"compare them with those that neural-style printed: `{comparison}`"),
    ]


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.6f}" for value in values)


def _names(convolutions: Sequence[str]) -> str:
    """Return three or more neighbours in the network as `conv1_1 … conv3_4`, all others one by one."""
    positions = {layer.name: i for i, layer in enumerate(CONVOLUTIONS)}
    # Names that follow each other in the network differ in position as much as in their place in the list.
    runs = [list(run) for _, run in groupby(enumerate(convolutions), lambda item: positions[item[1]] - item[0])]
    return ", ".join(
        f"{run[0][1]} … {run[-1][1]}" if len(run) > 2 else ", ".join(name for _, name in run) for run in runs
    )
