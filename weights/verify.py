"""Says what a weights file is: published, saved again, partly genuine, trained by this program, or something else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from vgg.errors import typed
from vgg.layers import CONVOLUTIONS, LAYERS
from vgg.matfile.read import Weights, read
from weights.download.sources import recognise
from weights.fingerprint import (
    axes_of_conv1_1,
    has_published_mean,
    is_genuine,
    published_layers,
    transposed,
)
from weights.published import MEAN_RGB
from weights.train.settings import TRAINED_ORIGIN
from weights.untrained import UNTRAINED_ORIGIN


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
    """Return what the network is in a few words; its numbers count more than what its writer said of them.

    Callers that only need to know whether it is genuine ask `weights.fingerprint.is_genuine`.
    """
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
