"""The total loss of every recipe a second time: each system's own formula, in its own terms, in NumPy and float64.

Written from the papers and from what is known of each program, not from `transfer`. Only the default's numbers are read
there: they are this project's own choice, and nobody else could say what they should be.

F, P and S are the generated, the content and the style image's maps as matrices of N rows (channels) and M columns
(positions).
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from numpy_network import matrices
from transfer.losses import SMALLEST_DISTANCE
from transfer.recipes import DEFAULT
from transfer.style_statistics import LEAST_EIGENVALUE, LEAST_VARIANCE
from transfer.targets import GRAIN

Maps = dict[str, np.ndarray]  # {layer: N × M}

FIVE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


class Terms(NamedTuple):
    """Weighted: each content layer, each style layer, and the prior."""

    contents: list[float]
    styles: list[float]
    prior: float = 0.0


class System(NamedTuple):
    """The formula, and the network that it is for."""

    terms: Callable[[Maps, Maps, Maps, np.ndarray], Terms]  # of F, P, S and the generated picture
    pooling: str
    normalized: bool  # to a mean activation of 1
    odd_sides: str = "up"  # how a pool halves them
    white: float = 255  # of the pixels that the network sees
    margin: int = 0  # pixels around all three images, mirrored
    grain: bool = False  # P also has the maps of the content image with grain, see `with_grain`

    def maps(self, weights, image: np.ndarray, scales: dict[str, np.ndarray]) -> Maps:
        """Those of an image (H, W, 3) in [0, 255]; `scales` as `numpy_network.scales_of` gives them, or none."""
        return matrices(weights, image, self.pooling, scales, self.odd_sides, self.white)


def grained(image: np.ndarray) -> np.ndarray:
    """The image (H, W, 3) with noise: the same for all images of one size."""
    return image + GRAIN * np.random.default_rng(0).standard_normal(image.shape, np.float32)


def with_grain(p: Maps, of_grained: Maps) -> Maps:
    """P, and beside each layer such as `relu4_2` the maps `relu4_2 + grain` of the content image with grain."""
    return p | {f"{layer} + grain": maps for layer, maps in of_grained.items()}


def down_and_across(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x[1:, :, :] - x[:-1, :, :], x[:, 1:, :] - x[:, :-1, :]


def default(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """Each loss in units of what it is at another image, and a touch of smoothness.

    For the content that is the content image with grain, for the style the content image.
    """
    contents, styles = [], []
    for layer, share in DEFAULT.content_layers:
        error, energy = np.sum((f[layer] - p[layer]) ** 2), np.sum(p[layer] ** 2)
        distance = np.sum((p[f"{layer} + grain"] - p[layer]) ** 2)
        contents.append(DEFAULT.content_weight * share * error / max(distance, SMALLEST_DISTANCE * energy))
    for layer, share in DEFAULT.style_layers:
        g, a, other = (maps[layer] @ maps[layer].T / maps[layer].shape[1] for maps in (f, s, p))
        distance = max(np.sum((other - a) ** 2), SMALLEST_DISTANCE * np.sum(a**2))
        styles.append(DEFAULT.style_weight * share * np.sum((g - a) ** 2) / distance)
    return Terms(contents, styles, DEFAULT.tv_weight * sum(np.mean(step**2) for step in down_and_across(x)))


def gatys2016(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """The authors' later code, content 1e6 · mean and style 1e9/5 · mean, in units of its 1e9."""
    content = 1e6 * np.mean((f["relu4_2"] - p["relu4_2"]) ** 2)
    styles = []
    for layer in FIVE:
        g, a = (maps[layer] @ maps[layer].T / maps[layer].shape[1] for maps in (f, s))
        styles.append(1e9 / 5 * np.mean((g - a) ** 2))
    return Terms([content / 1e9], [style / 1e9 for style in styles])


def gatys2016_literal(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """Eq. 1, 4, 5 and 7 as printed: ½ Σ, 1/(4N²M²), w = 1/5, α/β = 1e-3."""
    content = 1 / 2 * np.sum((f["relu4_2"] - p["relu4_2"]) ** 2)
    styles = []
    for layer in FIVE:
        n, m = f[layer].shape
        g, a = f[layer] @ f[layer].T, s[layer] @ s[layer].T
        styles.append(1 / 5 * np.sum((g - a) ** 2) / (4 * n**2 * m**2))
    return Terms([1e-3 * content], styles)


def neural_style(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """5 · MSE and, for each layer, 100 · MSE of G/(N·M).

    Its prior is known by its gradient, that of ½ Σ d² over all rows and columns but the last, on pixels up to 256.
    """
    styles = []
    for layer in FIVE:
        g, a = (maps[layer] @ maps[layer].T / maps[layer].size for maps in (f, s))
        styles.append(100 * np.mean((g - a) ** 2))
    y, prior = x / 255 * 256, 0.0
    for row in range(len(y) - 1):
        for column in range(len(y[0]) - 1):
            here, below, right = y[row, column], y[row + 1, column], y[row, column + 1]
            prior += 1e-3 / 2 * (np.sum((below - here) ** 2) + np.sum((right - here) ** 2))
    return Terms([5 * np.mean((f["relu4_2"] - p["relu4_2"]) ** 2)], styles, prior)


def neural_style_tf(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """5 · Σ/(2√(N·M)) before the ReLU; 1e4 · Σ 0.2 · Eq. 4, divided by five once more; 1e-3 · Σ|d|."""
    content = 5 / (2 * f["conv4_2"].size ** 0.5) * np.sum((f["conv4_2"] - p["conv4_2"]) ** 2)
    styles = []
    for layer in FIVE:
        n, m = f[layer].shape
        g, a = f[layer] @ f[layer].T, s[layer] @ s[layer].T
        styles.append(1e4 * 0.2 * (1 / (4 * n**2 * m**2)) * np.sum((g - a) ** 2) / 5)
    return Terms([content], styles, 1e-3 * sum(np.sum(np.abs(step)) for step in down_and_across(x)))


def anishathalye(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """Means written as 2 · (½ Σ)/size: content 5, style 500 with a fifth for each layer, and 100 for the prior."""
    content = 5 * 2 * (np.sum((f["relu4_2"] - p["relu4_2"]) ** 2) / 2) / p["relu4_2"].size
    styles = []
    for layer in FIVE:
        g, a = (maps[layer] @ maps[layer].T / maps[layer].size for maps in (f, s))
        styles.append(500 * 0.2 * 2 * (np.sum((g - a) ** 2) / 2) / a.size)
    prior = 100 * 2 * sum(np.sum(step**2) / 2 / step.size for step in down_and_across(x))
    return Terms([content], styles, prior)


def leongatys(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """MSE at relu4_2; 1e3/N² · MSE of G/M for each layer."""
    styles = []
    for layer in FIVE:
        g, a = (maps[layer] @ maps[layer].T / maps[layer].shape[1] for maps in (f, s))
        styles.append(1e3 / len(g) ** 2 * np.mean((g - a) ** 2))
    return Terms([np.mean((f["relu4_2"] - p["relu4_2"]) ** 2)], styles)


def coursera(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """10 · Σ/(4·nH·nW·nC) and 40 · Σ 0.2 · Σ(ΔG²)/(4·nC²·(nH·nW)²), G not divided by anything."""
    n_c, n_h_n_w = f["relu4_2"].shape
    content = 10 * np.sum((f["relu4_2"] - p["relu4_2"]) ** 2) / (4 * n_h_n_w * n_c)
    styles = []
    for layer in FIVE:
        n_c, n_h_n_w = f[layer].shape
        g, a = f[layer] @ f[layer].T, s[layer] @ s[layer].T
        styles.append(40 * 0.2 * np.sum((g - a) ** 2) / (4 * n_c**2 * n_h_n_w**2))
    return Terms([content], styles)


def pytorch_tutorial(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """MSE at the fourth convolution and 1e6 · MSE of G/(N·M) at the first five, all before their ReLUs."""
    convolutions = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")
    styles = []
    for layer in convolutions:
        g, a = (maps[layer] @ maps[layer].T / maps[layer].size for maps in (f, s))
        styles.append(1e6 * np.mean((g - a) ** 2))
    return Terms([np.mean((f[convolutions[3]] - p[convolutions[3]]) ** 2)], styles)


def tensorflow_tutorial(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """1e4 · mean at block5_conv2, 1e-2/5 · mean of G/M, and 30 · Σ|d| of a picture from 0 to 1."""
    grams = [[np.einsum("im,jm->ij", m[layer], m[layer]) / m[layer].shape[1] for m in (f, s)] for layer in FIVE]
    styles = [1e-2 / 5 * np.mean((g - a) ** 2) for g, a in grams]
    prior = 30 * sum(np.sum(np.abs(step)) for step in down_and_across(x / 255))
    return Terms([1e4 * np.mean((f["relu5_2"] - p["relu5_2"]) ** 2)], styles, prior)


def spst(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """MSE at relu4_2; for each layer 1e3/N² · MSE of G/M, and 1e4 · MSE of the means and of the deviations."""
    styles = []
    for layer in FIVE:
        g, a = (maps[layer] @ maps[layer].T / maps[layer].shape[1] for maps in (f, s))
        least = LEAST_VARIANCE * np.mean(np.diag(a))  # this project's own
        deviations = [np.sqrt(np.var(maps[layer], axis=1) + least) for maps in (f, s)]
        means = [np.mean(maps[layer], axis=1) for maps in (f, s)]
        of_both = sum(1e4 * np.mean((one - other) ** 2) for one, other in (deviations, means))
        styles.append(1e3 / len(g) ** 2 * np.mean((g - a) ** 2) + of_both)
    return Terms([np.mean((f["relu4_2"] - p["relu4_2"]) ** 2)], styles)


def crowsonkb(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """0.015 · MSE; (256 : 64 : 16 : 4 : 1)/341 · W²/N; 2 · the mean of squared steps of a picture from 0 to 1."""
    styles = []
    for layer, weight in zip(FIVE, (256, 64, 16, 4, 1), strict=True):
        of_f, of_s = np.cov(f[layer], bias=True), np.cov(s[layer], bias=True)
        wider = LEAST_EIGENVALUE * np.mean(np.diag(of_s)) * np.eye(len(of_s))  # this project's own
        of_f, of_s = of_f + wider, of_s + wider
        # The eigenvalues of S T are those of T^½ S T^½.
        between = np.sum(np.sqrt(np.linalg.eigvals(of_f @ of_s).real))
        apart = np.sum((f[layer].mean(axis=1) - s[layer].mean(axis=1)) ** 2)
        distance = apart + np.trace(of_f) + np.trace(of_s) - 2 * between
        styles.append(weight / 341 * distance / len(of_s))
    prior = 2 * sum(np.mean(step**2) for step in down_and_across(x / 255))
    return Terms([0.015 * np.mean((f["relu4_2"] - p["relu4_2"]) ** 2)], styles, prior)


def cells(values: np.ndarray, layer: str, height: int, width: int) -> np.ndarray:
    """Means over cells of 4 × 4 pixels: rows × columns × N; the last rows of an odd number are shared by both ends."""
    stride = 2 ** (int(layer[4]) - 1)
    shapes = (height // stride, width // stride), (-(-height // stride), -(-width // stride))  # down, and up
    shape = next(shape for shape in shapes if shape[0] * shape[1] == values.shape[1])
    maps, across = values.T.reshape(*shape, -1), max(1, 4 // stride)
    for axis in (0, 1):
        lacking = -maps.shape[axis] % across
        ends = np.arange(0, maps.shape[axis] + lacking, across) - lacking // 2
        parts = [maps.take(range(max(0, at), min(at + across, maps.shape[axis])), axis).mean(axis) for at in ends]
        maps = np.stack(parts, axis)
    return maps


def resized(maps: np.ndarray, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Rows × columns × N at another width and height, channel by channel."""
    channels = (np.ascontiguousarray(maps[..., i]) for i in range(maps.shape[2]))
    return np.stack([cv2.resize(channel, size, interpolation=how) for channel in channels], axis=2)


def nnst(f: Maps, p: Maps, s: Maps, x: np.ndarray) -> Terms:
    """The mean of 1 − cos to the style's nearest features, looked for with ¾ of the content's and ¼ of the result's."""
    layers = [f"relu{block}_{i}" for block, count in ((1, 2), (2, 2), (3, 3), (4, 3)) for i in range(1, count + 1)]
    f, p, s = ({layer: cells(maps[layer], layer, *x.shape[:2]) for layer in layers} for maps in (f, p, s))
    grid = f["relu1_1"].shape[1::-1]  # width and height, as OpenCV wants them
    wanted, there = [], []
    for layer in layers:
        mixed, style = (resized(maps, grid) for maps in (0.75 * p[layer] + 0.25 * f[layer], s[layer]))
        mixed, style = mixed - mixed.mean(axis=(0, 1)), style - style.mean(axis=(0, 1))
        # this project's own: the paper divides by N
        size = np.sqrt(np.mean(np.sum(style**2, axis=2)) / 2 ** (int(layer[4]) - 1))
        wanted.append(mixed / size)
        there.append(style / size)
    wanted, there = (np.concatenate(parts, axis=2).reshape(grid[0] * grid[1], -1) for parts in (wanted, there))
    nearest = [np.argmax(there @ one / np.linalg.norm(there, axis=1)) for one in wanted]
    styles = []
    for layer in layers:
        found = resized(s[layer], grid).reshape(len(nearest), -1)[nearest].reshape(*grid[::-1], -1)
        found = resized(found, f[layer].shape[1::-1], cv2.INTER_AREA)
        least = 1e-4 * np.mean(np.sum(s[layer] ** 2, axis=2))  # this project's own
        lengths = np.linalg.norm(found, axis=2) * np.sqrt(np.sum(f[layer] ** 2, axis=2) + least)
        styles.append(np.mean(1 - np.sum(found * f[layer], axis=2) / np.maximum(lengths, 1e-30)) / 10)
    return Terms([0.0], styles)


SYSTEMS = {
    "default": System(default, DEFAULT.pooling, DEFAULT.normalized_network, margin=DEFAULT.margin, grain=True),
    "gatys2016": System(gatys2016, "avg", True),
    "gatys2016-literal": System(gatys2016_literal, "avg", False),
    "neural-style": System(neural_style, "max", False, white=256),
    "neural-style-tf": System(neural_style_tf, "avg", False),
    "anishathalye": System(anishathalye, "max", False),
    "leongatys": System(leongatys, "max", False, "down"),
    "coursera": System(coursera, "avg", False),
    "pytorch-tutorial": System(pytorch_tutorial, "max", True, "down"),  # see its recipe: the nearest there is
    "tensorflow-tutorial": System(tensorflow_tutorial, "max", False, "down"),
    "spst": System(spst, "max", False, "down"),
    "crowsonkb": System(crowsonkb, "max", True, "down"),  # as the PyTorch tutorial
    "nnst": System(nnst, "max", False, "down"),
}
