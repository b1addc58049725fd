"""What all tests share: a VGG-19 with few channels, and its `.mat` file; no network, no big file."""

import signal
from pathlib import Path

import numpy as np
import pytest

from tiny_network import tiny_weights
from vgg.console.quiet import start_tensorflow
from vgg.matfile.read import Weights
from vgg.matfile.write import write
from web_server import no_proxy_from_outside, part, serve, target  # noqa: F401  (fixtures)

start_tensorflow()
# `nohup make test` hands down signals that are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # not on Windows
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


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
