"""Says what a weights file is: genuine, re-saved, learned by us, or something else of VGG-19's shape."""

from dataclasses import dataclass
from pathlib import Path

from vgg.layers import CONVOLUTIONS, LAYERS
from vgg.matfile.read import Weights, read
from weights import fingerprint
from weights.download.sources import recognise
from weights.learn.file import LEARNED_ORIGIN, UNTRAINED_ORIGIN


@dataclass(frozen=True)
class Report:
    """What `python -m weights verify` prints: a verdict, and (label, value) lines that support it."""

    verdict: str
    details: tuple[tuple[str, str], ...]


def verify(path: Path | str) -> Report:
    """Read the whole file and say what it is; raises WeightsError if it is no usable VGG-19."""
    weights = read(path)
    source = recognise(weights.path)
    channels = [weights.convolutions[row.name].bias.size for row in CONVOLUTIONS]
    genuine_numbers = fingerprint.is_genuine(weights.convolutions["conv1_1"])
    parameters = sum(kernel.size + bias.size for kernel, bias in weights.convolutions.values())
    red, green, blue = weights.mean_rgb
    details = (
        ("file", f"{weights.path}, {weights.path.stat().st_size:,} bytes"),
        ("layout", f"{weights.layout} (mean colour in `{'meta.' * (weights.layout == 'later')}normalization`)"),
        ("layers", f"all {len(LAYERS)}, conv1_1 … pool5; {parameters:,} parameters; channels {_runs(channels)}"),
        ("mean colour", f"red {red:.3f}, green {green:.3f}, blue {blue:.3f}"),
        ("SHA-256", f"{weights.sha256}, {'a' if source else 'not a'} published file"),
        ("conv1_1", f"{'carries' if genuine_numbers else 'does not carry'} the genuine numbers"),
    )
    return Report(_verdict(weights, source is not None, channels), details)


def is_vgg19(weights: Weights) -> bool:
    """Whether every convolution has the channels of Simonyan & Zisserman's Table 1, E."""
    return all(weights.convolutions[row.name].bias.size == row.channels for row in CONVOLUTIONS)


def describe(weights: Weights) -> str:
    """What the network is, judged by its numbers alone, in a few words."""
    conv1_1 = weights.convolutions["conv1_1"]
    if weights.origin.startswith((LEARNED_ORIGIN, UNTRAINED_ORIGIN)):
        return weights.origin
    if not is_vgg19(weights):
        return "a network of VGG-19's layers with other channel counts"
    if fingerprint.is_genuine(conv1_1):
        return "genuine ImageNet VGG-19"
    if fingerprint.is_genuine_on_its_side(conv1_1):
        return "ImageNet VGG-19 with height and width of its kernels swapped: pictures will come out wrong"
    return "unknown VGG-19: the right shapes, but not the published numbers"


def _verdict(weights: Weights, published: bool, channels: list[int]) -> str:
    if published:
        return f"genuine ImageNet VGG-19, the published file ({weights.layout} layout)"
    words = describe(weights)
    return f"{words}, re-saved" if words.startswith("genuine") else words


def _runs(channels: list[int]) -> str:
    """64, 64, 128, 128, 256 … as `2×64, 2×128, …`."""
    runs: list[list[int]] = []
    for count in channels:
        if runs and runs[-1][1] == count:
            runs[-1][0] += 1
        else:
            runs.append([1, count])
    return ", ".join(f"{times}×{count}" for times, count in runs)
