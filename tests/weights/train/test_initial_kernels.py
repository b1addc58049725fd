"""The kernels that training begins with: known structure must be found; a few layers of few channels keep it fast."""

import numpy as np
import pytest
import scipy.signal

from vgg.layers import CONVOLUTIONS, LAYERS
from weights.drawings import draw
from weights.train import network
from weights.train.network import initial_kernels, spherical_kmeans
from weights.train.settings import Phase, Settings
from weights.train.training import CLUSTERED, initial_state


@pytest.mark.parametrize("seed", range(3))
def test_kmeans_finds_the_directions_that_points_gather_around(seed):
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(6, 6)))[0][:4]
    points = np.vstack([direction + rng.normal(0, 0.08, (200, 6)) for direction in directions])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    centres = spherical_kmeans(points.astype(np.float32), 12, rng)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-4)
    cosines = centres @ directions.T
    assert cosines.max(axis=0).min() > 0.99  # each direction has a centre
    # Centres are means: closer to a direction than its points are, whose cosines are 0.97 on average.
    assert cosines.max(axis=1).min() > 0.985


def test_kmeans_with_fewer_points_than_clusters():
    points = np.eye(3, dtype=np.float32)
    centres = spherical_kmeans(points, 10, np.random.default_rng(0))
    assert centres.shape == (10, 3)
    assert set(np.argmax(centres, axis=1)) == {0, 1, 2}
    np.testing.assert_allclose(centres.max(axis=1), 1, atol=1e-4)


def first_kernel(patch: pytest.MonkeyPatch, pictures: list[np.ndarray], filters: int, seed: int = 0) -> np.ndarray:
    """The kernel of conv1_1 alone, (3, 3, in, filters), from pictures (H, W, in)."""
    patch.setattr(network, "LAYERS", LAYERS[:1])
    patch.setattr(network, "PATCHES", 4000)
    return initial_kernels(pictures, {"conv1_1": filters}, seed)["conv1_1"]


def stripes(axis: int, seed: int) -> np.ndarray:
    """(64, 64, 3): random grey lines, all along one axis, and a little noise."""
    rng = np.random.default_rng(seed)
    lines = np.repeat(rng.normal(0, 1, (64, 1)), 64, axis=1)
    grey = lines if axis == 0 else lines.T
    return (grey[..., None] + rng.normal(0, 0.05, (64, 64, 3))).astype(np.float32)


def responses(picture: np.ndarray, kernel: np.ndarray) -> list[np.ndarray]:
    """Of each filter, by SciPy."""
    return [
        sum(scipy.signal.correlate2d(picture[..., i], kernel[..., i, out], mode="valid") for i in range(3))
        for out in range(kernel.shape[3])
    ]


def ratios(kernel: np.ndarray) -> np.ndarray:
    """How much stronger each filter answers to lines from left to right than to those from top to bottom."""
    one, other = (np.array([each.std() for each in responses(stripes(axis, 3 + axis), kernel)]) for axis in (0, 1))
    return one / other


@pytest.mark.parametrize("seed", range(3))
def test_filters_tell_directions_apart(monkeypatch, seed):
    kernel = first_kernel(monkeypatch, [stripes(0, 1), stripes(1, 2)], 8, seed)
    found = ratios(kernel)
    assert (found > 4).sum() >= 3 and (found < 1 / 4).sum() >= 3
    found = ratios(np.random.default_rng(seed).normal(size=kernel.shape))
    assert ((found > 4) | (found < 1 / 4)).sum() <= 1  # or this test would prove nothing


def test_filters_of_drawings_answer_to_edges_more_than_random_ones(monkeypatch):
    """The share of a filter's energy that is in differences between its sides, not in the mean of its nine values."""
    kernel = first_kernel(monkeypatch, [draw(kind, 0, 64).astype(np.float32) / 58 for kind in range(6)], 16)
    random = np.random.default_rng(0).normal(size=kernel.shape).astype(np.float32)

    def strongest_side(filters):
        sides = np.stack([filters[0] - filters[2], filters[:, 0] - filters[:, 2]])  # (2, 3, in, out)
        slopes = np.square(sides.sum(axis=(1, 2))).max(axis=0)
        return np.sort(slopes / np.square(filters).sum(axis=(0, 1, 2)))

    assert np.median(strongest_side(kernel)[-8:]) > 1.5 * np.median(strongest_side(random)[-8:])


def marks(turn) -> np.ndarray:
    """(96, 96, 3): the letter L, `turn`ed, at places that differ, on a little noise."""
    rng = np.random.default_rng(2)
    grey, letter = rng.normal(0, 3, (96, 96)), turn(np.array([[100, 0, 0], [100, 0, 0], [100, 100, 0]]))
    for top in range(1, 90, 6):
        for left in range(1, 90, 6):
            y, x = top + rng.integers(3), left + rng.integers(3)
            grey[y : y + 3, x : x + 3] += letter
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_filters_are_not_mirrored_or_turned(monkeypatch, seed):
    kernel = first_kernel(monkeypatch, [marks(np.asarray)], 12, seed)

    def fit(turn):
        return np.mean([np.percentile(response, 99.5) for response in responses(marks(turn), kernel)])

    for other in (np.flipud, np.fliplr, np.rot90, np.transpose):
        assert fit(np.asarray) > 1.03 * fit(other), other


def test_filters_lie_in_the_channels_that_vary(monkeypatch):
    """Six channels mixed from two sources: with two components, a filter has nothing to say about other mixtures."""
    monkeypatch.setattr(network, "COMPONENTS", 2)
    rng = np.random.default_rng(0)
    mixing = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    sources = rng.normal(0, [5, 3], (40, 40, 2))
    kernel = first_kernel(monkeypatch, [(sources @ mixing[:2] + 7).astype(np.float32)], 5)
    assert kernel.shape == (3, 3, 6, 5)
    inside, outside = (np.abs(np.tensordot(rows, kernel, (1, 2))).max() for rows in (mixing[:2], mixing[2:]))
    assert outside < 1e-4 * inside


@pytest.fixture
def few_layers(monkeypatch) -> dict[str, int]:
    """conv1_1 … conv3_2, and how many filters each is to have."""
    monkeypatch.setattr(network, "LAYERS", LAYERS[:14])
    monkeypatch.setattr(network, "PATCHES", 1500)
    names = [layer.name for layer in LAYERS[:14] if layer.kind == "conv"]
    return dict(zip(names, (8, 7, 10, 9, 8, 11), strict=True))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [(draw(kind, 0, 48).astype(np.float32) - 120) / 58 for kind in (0, 1)]


def test_shapes_and_norms(few_layers, pictures):
    kernels = initial_kernels(pictures, few_layers, 0)
    channels_in = [3, *few_layers.values()]
    for (name, kernel), before in zip(kernels.items(), channels_in, strict=False):
        assert kernel.dtype == np.float32 and kernel.shape == (3, 3, before, few_layers[name])
        np.testing.assert_allclose(np.linalg.norm(kernel.reshape(-1, kernel.shape[3]), axis=0), 2**0.5, rtol=1e-5)
        directions = kernel.reshape(-1, kernel.shape[3]) / 2**0.5
        alike = directions.T @ directions - np.eye(kernel.shape[3])
        assert np.median(np.abs(alike)) < 0.5, "or they would be copies of one filter"
    assert list(kernels) == list(few_layers)


def test_a_seed_gives_the_same_bytes_again_and_another_seed_others(few_layers, pictures):
    first, again, other = (initial_kernels(pictures, few_layers, seed) for seed in (3, 3, 4))
    for name, kernel in first.items():
        assert kernel.tobytes() == again[name].tobytes()
        assert not np.allclose(kernel, other[name], rtol=0.1)


def test_they_depend_on_the_pictures(few_layers, pictures):
    one, other = (initial_kernels([picture], few_layers, 0) for picture in pictures)
    assert not np.allclose(one["conv1_1"], other["conv1_1"], rtol=0.1)


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_a_state_begins_with_kernels_of_drawings_from_all_over(monkeypatch, count):
    """At most sixteen, evenly: the draws of one kind stand one after the other."""
    seen = []

    def noted(pictures, widths, seed):
        seen.append((pictures, widths, seed))
        return {name: np.zeros((3, 3, 1, width), np.float32) for name, width in widths.items()}

    monkeypatch.setattr(network, "initial_kernels", noted)
    drawings = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 16, 16, 3))
    settings = Settings(seed=9, kinds=4, phases=(Phase(16, 3, 1.0),))
    state = initial_state(drawings, settings)
    ((clustered, widths, seed),) = seen
    numbers = [round(float(np.mean(np.asarray(each)[..., 0]) * 58 + 123.68)) for each in clustered]
    assert 1 <= len(numbers) <= CLUSTERED and numbers[0] == 0
    assert len(set(np.diff(numbers))) <= 1 and numbers[-1] + max([1, *np.diff(numbers)]) >= count
    assert seed == 9 and widths == {layer.name: layer.channels // 2 for layer in CONVOLUTIONS}
    assert state.step == 0 and float(np.max(state.moments.first["conv1_1/kernel"])) == 0
