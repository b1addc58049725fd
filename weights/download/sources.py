"""The two MatConvNet VGG-19 files: their addresses and the digests by which they are recognised.

MatConvNet published the network twice: the "later" file (fields in `meta`) and the "beta16" file (fields in
`normalization`). The kernels are those of Simonyan & Zisserman, arXiv:1409.1556, configuration E.
"""

from dataclasses import dataclass
from pathlib import Path

from vgg.files import file_digest
from vgg.matfile.locate import FOLDER, GENUINE_BETA16, GENUINE_LATER


@dataclass(frozen=True)
class Source:
    """One published file. A download from any address is accepted only if the digest agrees.

    `name` is the file's name on disk, `digest` the hexadecimal `algorithm` digest of the whole file, and `size` its
    length in bytes, or None if nobody has recorded it.
    """

    name: str
    layout: str
    urls: tuple[str, ...]
    algorithm: str
    digest: str
    size: int | None


LATER = Source(
    name=GENUINE_LATER,
    layout="later",
    # The site's certificate has failed for some people. Plain http is as safe here, because the digest decides.
    urls=(
        "https://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-19.mat",
        "http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-19.mat",
    ),
    algorithm="sha256",
    digest="abdb57167f82a2a1fbab1e1c16ad9373411883f262a1a37ee5db2e6fb0044695",
    size=534_904_783,
)

BETA16 = Source(
    name=GENUINE_BETA16,
    layout="beta16",
    urls=(
        "https://www.vlfeat.org/matconvnet/models/beta16/imagenet-vgg-verydeep-19.mat",
        "http://www.vlfeat.org/matconvnet/models/beta16/imagenet-vgg-verydeep-19.mat",
    ),
    # MD5 is the only digest of this file that was recorded. It protects against damage, not against forgery.
    algorithm="md5",
    digest="8ee3263992981a1d26e73b3ca028a123",
    size=None,
)

SOURCES = {source.layout: source for source in (LATER, BETA16)}
DEFAULT_LAYOUT = LATER.layout


def default_path(source: Source) -> Path:
    """Return where `source` is kept by default: in the folder `weights/` itself."""
    return FOLDER / source.name


def recognise(path: Path) -> Source | None:
    """Return the published file of which `path` is an exact copy, or None; raise OSError if it cannot be read."""
    return next((s for s in SOURCES.values() if file_digest(path, s.algorithm) == s.digest), None)
