"""Makes a smaller file of ImageNet's VGG-19: its convolutions alone, with 16 or 8 bits for each number of a kernel.

The published file has half a gigabyte, most of it the classifier, which style transfer does not use. With 16 bits the
small file has about 40 MB, with 8 bits 20. Biases and the mean colour stay as they are.
"""

import os
from dataclasses import replace
from pathlib import Path

from vgg.errors import InputError
from vgg.matfile.read import read
from vgg.matfile.write import Bits, write_small
from vgg.tools.files import check_place
from weights.published import recognise
from weights.verify import SHRUNK_FROM, SHRUNK_ORIGIN, describe, is_genuine, rounded_before


def shrink(source: Path, target: Path, bits: Bits) -> None:
    """Write ImageNet's VGG-19 in `source` to `target` (.npz), and in it the digest of `source`.

    Raises InputError if `source` is not ImageNet's VGG-19 in a `.mat` file, or `target` cannot be a new file.
    """
    check_place(target)
    if target.suffix != ".npz":
        raise InputError(f"{target} ends in {target.suffix!r}, expected .npz")
    if os.path.lexists(target):
        raise InputError(f"{target} exists already; delete it first, or choose another name with --to")
    if source.suffix == ".npz":
        raise InputError(f"{source} is in the small form already; name the published .mat file")
    weights = read(source)
    if not is_genuine(weights):
        raise InputError(f"{source} is {describe(weights)}; expected ImageNet's VGG-19")
    published = recognise(source)
    name = f"the published file ({published.layout} layout)" if published else f"{source.name}{rounded_before(weights)}"
    origin = f"{SHRUNK_ORIGIN}{bits}{SHRUNK_FROM}{name}, SHA-256 {weights.sha256}"
    write_small(target, replace(weights, origin=origin), bits)
