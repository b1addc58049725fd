"""What all tests share: a VGG-19 with few channels, its `.mat` file, and what is compiled; no network, no big file."""

import gc
import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tiny_network import tiny_weights
from vgg.matfile.read import Weights
from vgg.matfile.write import write
from vgg.tools.console import start_tensorflow
from web_server import no_proxy_from_outside, part, serve, target  # noqa: F401  (fixtures)

# `nohup make test` hands down signals that are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # not on Windows
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collectstart() -> None:
    """Start TensorFlow where tests are collected: with `-n 2`, the process that only hands them out needs none."""
    start_tensorflow()


@pytest.fixture
def weights() -> Weights:
    return tiny_weights()


@pytest.fixture
def mat_file(tmp_path: Path, weights: Weights) -> Path:
    path = tmp_path / "tiny.mat"
    write(path, weights)
    return path


@pytest.fixture
def without_compiling() -> Iterator[None]:
    """Let TensorFlow compute at once: for a loss that is evaluated once, compiling takes most of the time.

    Stripes are compiled all the same (`transfer.striped.block`), so that shapes are as open as ever.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def image() -> np.ndarray:
    """(37, 45, 3) uint8: odd sides, so that pooling meets borders."""
    return np.random.default_rng(1).integers(0, 256, (37, 45, 3), dtype=np.uint8)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Function) -> None:
    """Let go of what a test was given, so that the last one of a module keeps no graph alive."""
    item.funcargs.clear()


@pytest.fixture(scope="module", autouse=True)
def one_compilation(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compile a loss once for all runs of a module with the same weights, terms and precision: it takes half a second.

    A module that counts compilations says COMPILES_ANEW. No graph may survive a module: long batches would grow, too.
    """
    from tensorflow.python.framework.func_graph import FuncGraph

    from transfer import session
    from transfer.losses import Term
    from transfer.objective import WholeEvaluation
    from transfer.targets import MapsOf
    from vgg.network import VGG19

    gc.freeze()  # what is imported is not looked at again
    known = {}

    def network(weights: Weights, *kind: str) -> VGG19:
        arrays = [weights.mean_rgb, *(array for layer in weights.convolutions.values() for array in layer)]
        key = (hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest(), *kind)
        if key not in known:
            known[key] = VGG19(weights, *kind)
        return known[key]

    def evaluation(network: VGG19, terms: tuple[Term, ...], maps_of_large: MapsOf | None) -> WholeEvaluation:
        if (network, terms) not in known:
            known[network, terms] = WholeEvaluation(network, terms, maps_of_large)
        return known[network, terms]

    with pytest.MonkeyPatch.context() as patch:
        if not hasattr(request.module, "COMPILES_ANEW"):
            patch.setattr(session, "VGG19", network)
            patch.setattr(session, "WholeEvaluation", evaluation)
        yield
    known.clear()
    gc.collect()
    alive = [each for each in gc.get_objects() if type(each) is FuncGraph]
    # What has failed keeps its frames for the report.
    assert not alive or request.session.testsfailed, f"{len(alive)} graphs survive, the first of {alive[0].name}"
