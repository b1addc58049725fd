"""What the tests share: a VGG-19 with few channels, and its `.mat` file; no network, no big file."""

import signal
from pathlib import Path

import numpy as np
import pytest

from vgg.console.quiet import start_tensorflow
from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights
from vgg.matfile.write import write
from web_server import no_proxy_from_outside, part, serve, target  # noqa: F401  (fixtures)

start_tensorflow()
signal.signal(signal.SIGINT, signal.default_int_handler)  # `nohup make test` hands down a Ctrl-C that is ignored


def pytest_configure(config: pytest.Config) -> None:
    """TensorFlow's `gast` warns 580 times on Python 3.13."""
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:gast")


MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)


def tiny_weights(seed: int = 0) -> Weights:
    """Random kernels with 4 to 7 channels, no two neighbouring layers alike, so that a mix-up of axes shows."""
    rng = np.random.default_rng(seed)
    convolutions, channels_in = {}, 3
    for i, layer in enumerate(CONVOLUTIONS):
        channels = 4 + i % 4
        kernel = rng.normal(0, (2 / (9 * channels_in)) ** 0.5, (3, 3, channels_in, channels)).astype(np.float32)
        convolutions[layer.name] = Conv(kernel, rng.normal(0, 0.1, channels).astype(np.float32))
        channels_in = channels
    return Weights(convolutions, MEAN_RGB, "later", "tiny, for tests")


@pytest.fixture
def weights() -> Weights:
    return tiny_weights()


@pytest.fixture
def mat_file(tmp_path: Path, weights: Weights) -> Path:
    path = tmp_path / "tiny.mat"
    write(path, weights)
    return path


@pytest.fixture
def image() -> np.ndarray:
    """(37, 45, 3) uint8: odd sides, so that pooling meets borders."""
    return np.random.default_rng(1).integers(0, 256, (37, 45, 3), dtype=np.uint8)
