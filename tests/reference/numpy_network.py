"""VGG-19 computed another way: one channel at a time with SciPy's correlation, in float64, pooling by hand."""

import numpy as np
import scipy.signal


def conv(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(H, W, in) → (H, W, out)."""
    planes = []
    for out in range(kernel.shape[3]):
        parts = [
            scipy.signal.correlate2d(x[:, :, i], kernel[:, :, i, out].astype(np.float64), mode="same")
            for i in range(kernel.shape[2])
        ]
        planes.append(sum(parts) + float(bias[out]))
    return np.stack(planes, axis=2)


def pool(x: np.ndarray, pooling: str, odd_sides: str = "up") -> np.ndarray:
    """2×2 blocks. Of one that sticks out over the border, what is there counts ("up"), or nothing at all ("down")."""
    reduce = {"avg": np.mean, "max": np.max}[pooling]
    missing = {"up": 0, "down": 1}[odd_sides]
    rows = [
        [reduce(x[top : top + 2, left : left + 2], axis=(0, 1)) for left in range(0, x.shape[1] - missing, 2)]
        for top in range(0, x.shape[0] - missing, 2)
    ]
    return np.array(rows)


def forward(
    image: np.ndarray, weights, pooling: str, odd_sides: str = "up", white: float = 255
) -> dict[str, np.ndarray]:
    """Every map from conv1_1 to pool5, or to where the kernels end, of one image (H, W, 3): {name: (H', W', C)}.

    The network sees the pixels of the image, 0 to 255, as 0 to `white`.
    """
    maps = {}
    x = image.astype(np.float64) / 255 * white - weights.mean_rgb.astype(np.float64)
    for block, count in ((1, 2), (2, 2), (3, 4), (4, 4), (5, 4)):
        for i in range(1, count + 1):
            if f"conv{block}_{i}" not in weights.convolutions:
                return maps
            maps[f"conv{block}_{i}"] = conv(x, *weights.convolutions[f"conv{block}_{i}"])
            x = maps[f"relu{block}_{i}"] = np.maximum(maps[f"conv{block}_{i}"], 0)
        x = maps[f"pool{block}"] = pool(x, pooling, odd_sides)
    return maps


def mirrored(image: np.ndarray, margin: int) -> np.ndarray:
    """(H, W, 3) with `margin` more pixels on each side, those next to the edge in the order of a mirror there."""
    rows, columns = (
        [last - abs(last - abs(i)) for i in range(-margin, last + 1 + margin)] for last in np.array(image.shape[:2]) - 1
    )
    return image[rows][:, columns]


def scales_of(weights, images, pooling: str) -> dict[str, np.ndarray]:
    """{conv1_1: each filter's mean after its ReLU over all positions of all images, or a 20th of their median}."""
    found = [forward(image, weights, pooling) for image in images]
    scales = {}
    for name, (_, bias) in weights.convolutions.items():
        positions = [maps[name.replace("conv", "relu")].reshape(-1, bias.size) for maps in found]
        mean = np.concatenate(positions).mean(axis=0)
        floor = sorted([*mean, *mean])[mean.size - 1 : mean.size + 1]  # the middle one twice, or the middle two
        scales[name] = np.array([max(value, sum(floor) / 2 / 20) or 1 for value in mean])
    return scales


def matrices(
    weights,
    image: np.ndarray,
    pooling: str,
    scales: dict[str, np.ndarray],
    odd_sides: str = "up",
    white: float = 255,
) -> dict[str, np.ndarray]:
    """Convolutions and ReLUs as the paper's N × M; with `scales`, the plain network's maps divided by them by hand."""
    found = {}
    for name, maps in forward(image, weights, pooling, odd_sides, white).items():
        if "pool" not in name:
            planes = maps.transpose(2, 0, 1).reshape(maps.shape[2], -1)
            found[name] = planes / scales[name.replace("relu", "conv")][:, None] if scales else planes
    return found
