"""Reads VGG-19 from MatConvNet's `.mat` file, in both layouts that are in circulation.

`read` also takes the small `.npz` of a network that this program trained (`vgg.matfile.write` writes it).

The file is a MATLAB 5.0 file. Its `layers` is a (1, 43) cell array; each cell holds a (1, 1) struct that describes one
layer: 37 of conv1_1 … pool5, then the classifier, which is not read. A convolution's `weights` is a (1, 2) cell
{kernel (3, 3, in, out), bias (1, out)}. The layouts differ in the order of the fields and in where the mean colour is:

    beta16   layers, classes, normalization.averageImage      (224, 224, 3)
    later    layers, meta.normalization.averageImage          (1, 1, 3)

Every field is looked up by its name, as readers that count positions understand only one of the layouts.

Kernels are used as they are. Axis 0 is height, axis 1 width, then input and output channels, which is what
`tf.nn.conv2d` takes. Some programs swap height and width, which transposes every filter.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from vgg.errors import WeightsError
from vgg.layers import CONVOLUTIONS, LAYERS, Layer
from vgg.matfile import mat5
from vgg.matfile.sniff import SHIPPED, WHAT_TO_DO, first_bytes, require_weights_file
from vgg.tools.files import file_digest

Layout = Literal["beta16", "later"]


class Conv(NamedTuple):
    """One convolution's numbers: kernel (3, 3, in, out) and bias (out,), float32."""

    kernel: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Weights:
    """The convolutional part of a VGG-19, and what is known of its source."""

    convolutions: dict[str, Conv]  # by layer name, conv1_1 … conv5_4
    mean_rgb: np.ndarray  # (3,) float32 in [0, 255], subtracted from every pixel
    layout: Layout = "later"
    origin: str = ""  # what the writer said of the numbers; the genuine file says nothing
    sha256: str = ""  # of the file that was read
    path: Path | None = None

    @property
    def label(self) -> str:
        """Return what to call the weights on a sheet: the first words of their origin, else the file's name."""
        return self.origin.partition(":")[0] or self.path.name


def read(path: Path | str) -> Weights:
    """Read a MatConvNet VGG-19 in either layout, with any channel counts that fit from layer to layer.

    Raises:
        WeightsError: the file is missing, damaged, or holds something other than VGG-19's 37 layers.
    """
    path = Path(path)
    if path.suffix == ".npz":
        return _read_small(path)
    require_weights_file(path)
    with ThreadPoolExecutor(1) as beside:  # half a gigabyte takes a while to digest
        sha256 = beside.submit(file_digest, path, "sha256")
        variables = mat5.load(path)
    try:
        if "layers" not in variables:
            raise WeightsError("it has no variable `layers`, so it is not a MatConvNet network")
        structs = [cell.reshape(-1)[0] for cell in variables["layers"].reshape(-1)]
        _require_names([str(_field(struct, "name", "a layer").item()) for struct in structs])
        convolutions: dict[str, Conv] = {}
        channels = 3
        for layer, struct in zip(LAYERS, structs, strict=False):
            _require_kind(layer, struct)
            if layer.kind == "conv":
                convolutions[layer.name] = _convolution(layer.name, struct, channels)
                channels = convolutions[layer.name].bias.size
        layout, mean_rgb, origin = _mean_colour(variables)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}; {WHAT_TO_DO}") from None
    except Exception as error:  # a damaged file may hold any type in any place, and so fail in any way
        raise WeightsError(f"{path} is damaged: a {type(error).__name__} in its structs; {WHAT_TO_DO}") from error
    return Weights(convolutions, mean_rgb, layout, origin, sha256.result(), path)


def _read_small(path: Path) -> Weights:
    """Read what `vgg.matfile.write.write_small` wrote."""
    first_bytes(path)
    what_to_do = f"restore it with `git checkout weights/{SHIPPED}`" if path.name == SHIPPED else WHAT_TO_DO
    try:
        with np.load(path) as file:
            convolutions: dict[str, Conv] = {}
            channels = 3
            for name in (layer.name for layer in CONVOLUTIONS):
                kernel = restored(file[f"{name}_kernel"], file[f"{name}_scale"])
                convolutions[name] = checked_convolution(name, kernel, file[f"{name}_bias"], channels)
                channels = kernel.shape[3]
            mean_rgb = file["mean_rgb"].astype(np.float32).reshape(3)
            origin = "".join(filter(str.isprintable, str(file["origin"])))
        return Weights(convolutions, mean_rgb, "later", origin, file_digest(path, "sha256"), path)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}; {what_to_do}") from None
    except Exception as error:  # a damaged archive may fail in any way
        raise WeightsError(
            f"{path} is not a trained network of this program ({type(error).__name__}); {what_to_do}"
        ) from error


def restored(kernel: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the kernel (3, 3, in, out) float32 from the small file's int8 numbers and each filter's scale (out,)."""
    return kernel.astype(np.float32) * scale


def _field(struct: np.void, name: str, owner: str) -> np.ndarray:
    if name not in (struct.dtype.names or ()):
        raise WeightsError(f"{owner} has no field `{name}`, only {', '.join(struct.dtype.names or ()) or 'none'}")
    return struct[name]


def _require_names(names: list[str]) -> None:
    expected = [row.name for row in LAYERS]
    if names[: len(expected)] == expected:
        return
    if "conv5_3" in names and "conv5_4" not in names and "conv3_4" not in names:
        raise WeightsError("this is VGG-16, which has no conv3_4, conv4_4 and conv5_4; expected VGG-19")
    if names[:2] == ["conv1", "relu1"]:
        raise WeightsError("this is one of the small VGG-F/M/S networks (its first layer is conv1); expected VGG-19")
    missing = [name for name in expected if name not in names]
    if missing:
        raise WeightsError(f"layers missing or renamed: {', '.join(missing[:5])} of VGG-19's conv1_1 … pool5")
    raise WeightsError("VGG-19's layers are all here but not in their order conv1_1, relu1_1, … pool5")


def _require_kind(layer: Layer, struct: np.void) -> None:
    kind = str(_field(struct, "type", layer.name).item())
    if kind != layer.kind:
        raise WeightsError(f"layer {layer.name} is of type {kind!r}, expected {layer.kind!r}")
    # A network of another geometry could be read, but would be computed wrongly. A pool's `pad` is not checked, as it
    # matters at odd borders only. A field that is missing has the expected value by default, except `pad`.
    geometry = {"conv": {"stride": 1, "pad": 1, "dilate": 1}, "relu": {}, "pool": {"pool": 2, "stride": 2}}[layer.kind]
    for name, expected in geometry.items():
        if name not in struct.dtype.names and name != "pad":
            continue
        values = np.unique(_field(struct, name, layer.name)).tolist()
        if values != [expected]:
            raise WeightsError(f"layer {layer.name} has {name} {values}, expected {expected} in every direction")


def _convolution(name: str, struct: np.void, channels_in: int) -> Conv:
    cells = _field(struct, "weights", name).reshape(-1)
    if cells.size != 2:
        raise WeightsError(f"layer {name} has {cells.size} arrays of weights, expected a kernel and a bias")
    return checked_convolution(name, cells[0], cells[1].reshape(-1), channels_in)


def checked_convolution(name: str, kernel: np.ndarray, bias: np.ndarray, channels_in: int) -> Conv:
    """Return kernel and bias (out,) in float32; raise WeightsError if they do not fit or are no finite numbers."""
    for what, values in (("kernel", kernel), ("bias", bias)):
        if values.dtype.kind != "f":
            raise WeightsError(f"the {what} of {name} is of type {values.dtype}, expected floating-point numbers")
        if not (np.abs(values) <= np.finfo(np.float32).max).all():
            raise WeightsError(f"the {what} of {name} holds numbers that are not finite in float32")
    kernel = kernel.reshape(kernel.shape + (1,) * (4 - kernel.ndim))  # MATLAB drops trailing axes of length 1
    expected = (3, 3, channels_in, bias.size)
    if kernel.shape != expected or bias.size == 0:
        raise WeightsError(f"the kernel of {name} has the shape {kernel.shape}, expected {expected}")
    return Conv(np.ascontiguousarray(kernel, np.float32), np.ascontiguousarray(bias, np.float32))


def _mean_colour(variables: dict[str, Any]) -> tuple[Layout, np.ndarray, str]:
    """Return the layout, the mean of `averageImage` over height and width as (3,) RGB, and the `origin` or ""."""
    if "normalization" in variables:
        layout, cell = "beta16", variables["normalization"]
    elif "meta" in variables:
        layout, cell = "later", _field(variables["meta"].reshape(-1)[0], "normalization", "meta")
    else:
        raise WeightsError("neither `normalization` (beta16 layout) nor `meta` (later layout) holds the mean colour")
    struct = cell.reshape(-1)[0]
    average_image = _field(struct, "averageImage", "normalization")
    if average_image.size != 3 and average_image.shape[-1:] != (3,):
        raise WeightsError(f"averageImage has the shape {average_image.shape}, expected (height, width, 3)")
    mean = average_image.reshape(-1, 3).astype(np.float64).mean(axis=0)
    if not np.all((mean >= 0) & (mean <= 255)):
        raise WeightsError(f"the mean colour is {mean.tolist()}, expected three numbers from 0 to 255")
    words = struct["origin"].reshape(-1) if "origin" in struct.dtype.names else ()  # none if the text is empty
    origin = "".join(character for word in words for character in str(word) if character.isprintable())
    return layout, mean.astype(np.float32), origin
