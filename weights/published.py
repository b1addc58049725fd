"""The published VGG-19: its two MatConvNet files, and a few numbers of each convolution, by which it is recognised.

MatConvNet published the network twice: the "later" file (fields in `meta`) and the "beta16" file (fields in
`normalization`). The kernels are those of Simonyan & Zisserman, arXiv:1409.1556, configuration E.

Of the numbers, single ones have six decimals, sums five. The whole kernels of conv1_1 … conv3_4, all biases and one
position of the upper kernels were taken from a public copy of the authors' Caffe model (CC BY 4.0). Its conv1_1 agrees
with all numbers that people have printed from the published beta16 file. Kernels are indexed [height, width, in, out],
as in the `.mat` file; the input channels of conv1_1 are red, green, blue.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vgg.load import GENUINE_BETA16, GENUINE_LATER
from vgg.tools.files import file_digest


@dataclass(frozen=True)
class Source:
    """One published file. A download from any address is accepted only if the digest agrees."""

    name: str  # of the file on disk
    layout: str
    urls: tuple[str, ...]
    algorithm: str
    digest: str  # hexadecimal, of the whole file
    size: int | None  # in bytes; None if nobody has recorded it


_SITE = "www.vlfeat.org/matconvnet/models"
LATER = Source(
    name=GENUINE_LATER,
    layout="later",
    # The site's certificate has failed for some people. Plain http is as safe here, because the digest decides.
    urls=tuple(f"{scheme}://{_SITE}/imagenet-vgg-verydeep-19.mat" for scheme in ("https", "http")),
    algorithm="sha256",
    digest="abdb57167f82a2a1fbab1e1c16ad9373411883f262a1a37ee5db2e6fb0044695",
    size=534_904_783,
)
BETA16 = Source(
    name=GENUINE_BETA16,
    layout="beta16",
    urls=tuple(f"{scheme}://{_SITE}/beta16/imagenet-vgg-verydeep-19.mat" for scheme in ("https", "http")),
    # MD5 is the only digest of this file that was recorded. It protects against damage, not against forgery.
    algorithm="md5",
    digest="8ee3263992981a1d26e73b3ca028a123",
    size=None,
)
SOURCES = {source.layout: source for source in (LATER, BETA16)}


def recognise(path: Path) -> Source | None:
    """Return the published file of which `path` is an exact copy, or None; raise OSError if it cannot be read."""
    return next((s for s in SOURCES.values() if file_digest(path, s.algorithm) == s.digest), None)


#: The mean colour of ImageNet's training pictures, subtracted from every pixel. Networks of our own take the same.
MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)

#: bias[0], bias[1], bias[2], and the sum of all biases.
BIASES = {
    "conv1_1": (0.730178, 0.064936, 0.034288, 29.94052),
    "conv1_2": (-0.292965, 0.339774, 0.159743, 2.70961),
    "conv2_1": (-0.042649, 0.079034, -0.025950, 13.77395),
    "conv2_2": (-0.076411, -0.110066, -0.144156, 1.15701),
    "conv3_1": (0.031959, -0.003086, 0.026248, 4.14385),
    "conv3_2": (-0.089332, 0.109900, -0.051033, 11.03840),
    "conv3_3": (0.020551, -0.019208, 0.051434, 11.07564),
    "conv3_4": (0.084254, 0.061948, 0.026996, 4.80064),
    "conv4_1": (0.023428, 0.018250, 0.027586, 6.67663),
    "conv4_2": (0.004365, -0.009478, -0.003754, 6.36061),
    "conv4_3": (0.001691, 0.043703, 0.056696, 9.25976),
    "conv4_4": (0.041846, -0.064701, 0.014714, 9.80606),
    "conv5_1": (-0.056436, -0.104568, 0.015438, 14.35506),
    "conv5_2": (0.051461, 0.094846, 0.217444, 33.47016),
    "conv5_3": (-0.010290, 0.148979, 0.247273, 27.48494),
    "conv5_4": (0.722275, -0.485727, 0.405659, 87.87166),
}

#: kernel[2, 2, 0, 0], kernel[2, 2, 0, 1], kernel[2, 2, 0, 2], and the sum of kernel[2, 2], the lower right corner.
CORNERS = {
    "conv1_1": (-0.416023, -0.114913, -0.146729, -0.70685),
    "conv1_2": (0.056262, -0.046573, 0.001618, 23.86336),
    "conv2_1": (-0.009582, 0.004872, 0.023487, -4.49319),
    "conv2_2": (0.002825, -0.000719, -0.008634, -5.07107),
    "conv3_1": (0.013258, -0.009442, -0.008477, -6.41307),
    "conv3_2": (0.008113, 0.006392, 0.002342, -15.18647),
    "conv3_3": (-0.011311, 0.005066, -0.002093, 23.63734),
    "conv3_4": (-0.013925, -0.002271, -0.009224, -9.49616),
    "conv4_1": (-0.019506, -0.004078, 0.020625, -44.35250),
    "conv4_2": (-0.001006, 0.000279, 0.006217, -104.25241),
    "conv4_3": (-0.009611, -0.004799, 0.004211, -108.07725),
    "conv4_4": (0.010526, 0.003668, 0.008662, -186.09521),
    "conv5_1": (-0.005487, -0.000305, -0.005097, -137.11227),
    "conv5_2": (0.003438, 0.000662, -0.001589, -177.39638),
    "conv5_3": (-0.004243, -0.000330, 0.007608, -209.79360),
    "conv5_4": (-0.003099, 0.018133, 0.001084, -261.18221),
}

#: kernel[0, 2, 0, 0], kernel[0, 2, 0, 1], kernel[0, 2, 0, 2], the sum of the kernel and the sum of its absolute values.
#: The upper right corner tells height from width, as it changes places with the lower left one when they are swapped.
WHOLE_KERNELS = {
    "conv1_1": (-0.045949, -0.115831, -0.144621, -3.54119, 270.43484),
    "conv1_2": (-0.003359, -0.015970, -0.012016, 154.49180, 1018.23814),
    "conv2_1": (-0.007654, 0.025704, 0.023105, -29.59720, 1450.00149),
    "conv2_2": (0.003503, -0.000032, -0.007391, -78.24028, 2217.50067),
    "conv3_1": (0.016382, -0.000316, 0.010939, -75.85410, 3352.50160),
    "conv3_2": (0.009905, 0.005560, 0.014427, -55.48932, 4682.56222),
    "conv3_3": (0.009043, -0.003104, 0.007582, 358.90451, 4334.07641),
    "conv3_4": (0.004965, 0.000625, -0.001368, 97.10269, 4234.12137),
}
