"""Recognises what a file is if it is not the MATLAB 5.0 `.mat` file that was expected.

People have had every kind listed here under the name `imagenet-vgg-verydeep-19.mat`.
"""

import os
from pathlib import Path

from vgg.errors import WeightsError
from vgg.tools.files import open_file

#: Incremented with every change that gives another trained network for the same settings, so that a file from an older
#: version is not used.
TRAINED_VERSION = 3
SHIPPED = "half-width-v3.npz"
WHAT_TO_DO = f"get ImageNet's VGG-19 with `make download-weights`, or use the small one, weights/{SHIPPED}"

_SIGNATURES = (
    (b"\x89HDF", "an HDF5 file (MATLAB 7.3); save it again with MATLAB's `-v7` option"),
    (b"MATLAB 7.3", "a MATLAB 7.3 (HDF5) file; save it again with MATLAB's `-v7` option"),
    (b"MATLAB 5.0", "cut off inside its header (a download that was interrupted?)"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"\x80\x02", "a Python pickle, perhaps PyTorch weights, not MatConvNet's"),
)
_MAT_HEADER_BYTES = 128


def require_weights_file(path: Path | None) -> None:
    """Raise WeightsError unless `path` begins like a MATLAB 5.0 file, or is called like one in the small form (`.npz`).

    It may be missing, a folder, unreadable, empty, cut inside its header, or something else. None: no file was named.
    """
    if path is None:
        return
    start = first_bytes(path)
    is_mat = start.startswith(b"MATLAB 5.0") and len(start) >= _MAT_HEADER_BYTES
    if path.suffix != ".npz" and not is_mat:
        raise WeightsError(f"{path} is {_kind(start)}; expected a MATLAB 5.0 file, or an .npz of ours; {WHAT_TO_DO}")


def first_bytes(path: Path) -> bytes:
    """Return what the file begins with; raise WeightsError if it is missing, a folder or unreadable."""
    if os.path.isdir(path):
        raise WeightsError(f"{path} is a folder, expected a .mat file; name the file inside it")
    try:
        with open_file(path) as file:
            return file.read(512)
    except FileNotFoundError:
        raise WeightsError(f"{path} does not exist; {WHAT_TO_DO}") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); name another file") from error


def _kind(start: bytes) -> str:
    """Return in words what a file seems to be that begins with `start` and is no MATLAB 5.0 file."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return "empty"
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if text[:1] == b"<":
        return "a web page (HTML), probably a login or error page saved under this name"
    if text and all(byte >= 32 or byte in b"\t\r\n" for byte in text):
        first_line = text.decode("utf-8", "replace").splitlines()[0][:60]
        return f"a text file beginning {first_line!r}, probably a placeholder for the real one"
    return f"no MATLAB file: it begins with the bytes {start[:8].hex(' ')}"
