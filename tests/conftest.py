"""What all tests share: a VGG-19 with few channels, its `.mat` file, and what is compiled; no network, no big file."""

import gc
import hashlib
import signal
import sys
from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tiny_network import tiny_mat, tiny_weights
from vgg.matfile.read import Weights, read
from vgg.tools.console import start_tensorflow
from web_server import no_proxy_from_outside, part, serve, target  # noqa: F401  (fixtures)

# `nohup make test` hands down signals that are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # not on Windows
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


#: What was imported when TensorFlow had started.
STARTED = pytest.StashKey[frozenset[str]]()


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Start TensorFlow where tests are collected: with `-n 2`, the process that only hands them out needs none."""
    start_tensorflow()
    collector.config.stash.setdefault(STARTED, frozenset(sys.modules))


@pytest.fixture
def started_with(request: pytest.FixtureRequest) -> frozenset[str]:
    """The modules that were there when TensorFlow had started: tests import more."""
    return request.config.stash[STARTED]


@pytest.fixture
def weights() -> Weights:
    return tiny_weights()


@pytest.fixture
def mat_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.mat"
    path.write_bytes(tiny_mat())
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
def stripes_without_compiling(without_compiling: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let TensorFlow compute stripes at once, too."""
    import tensorflow as tf

    from transfer.striped.block import Compiled

    def call(self: Compiled, *arguments: Any) -> Any:
        tensors = [each if each is None else tf.convert_to_tensor(each) for each in tf.nest.flatten(arguments)]
        return self._function(*tf.nest.pack_sequence_as(arguments, tensors))

    monkeypatch.setattr(Compiled, "__call__", call)


@pytest.fixture
def image() -> np.ndarray:
    """(37, 45, 3) uint8: odd sides, so that pooling meets borders."""
    return np.random.default_rng(1).integers(0, 256, (37, 45, 3), dtype=np.uint8)


#: What is compiled for the tests of a folder, by what it was compiled from.
COMPILED: dict[Hashable, Any] = {}
IS_LAST = pytest.StashKey[bool]()  # of a module: whether the next test is of another folder


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Function, nextitem: pytest.Function | None) -> None:
    """Let go of what a test was given, so that the last one of a folder keeps no graph alive."""
    item.funcargs.clear()
    item.getparent(pytest.Module).stash[IS_LAST] = nextitem is None or nextitem.path.parent != item.path.parent


@pytest.fixture(scope="module", autouse=True)
def one_compilation(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compile a loss once for all runs of a folder with the same weights, terms and precision: it takes half a second.

    A module that counts compilations says COMPILES_ANEW. No graph may survive a folder: long batches would grow, too.
    """
    from tensorflow.python.framework.func_graph import FuncGraph

    from transfer import session
    from transfer.cli import record
    from transfer.losses import Term
    from transfer.objective import WholeEvaluation
    from transfer.striped import evaluation as striped
    from transfer.targets import MapsOf
    from vgg.network import VGG19
    from weights import load

    known = COMPILED
    if not known:
        gc.freeze()  # what is imported is not looked at again

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

    def blocks_of(network: VGG19, terms: tuple[Term, ...]) -> list[striped.Block]:
        key = ("blocks", network, tuple(terms))
        if key not in known:
            known[key] = chain_of(network, terms)
        return known[key]

    def read_once(path: Path) -> Weights:
        tiny = path.is_file() and path.stat().st_size == len(tiny_mat()) and path.read_bytes() == tiny_mat()
        if tiny and tiny_mat not in known:
            known[tiny_mat] = read(path)
        return replace(known[tiny_mat], path=path) if tiny else read(path)

    chain_of = striped.blocks_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "read", read_once)
        patch.setattr(record, "version", cache(record.version))  # it looks into many files
        if not hasattr(request.module, "COMPILES_ANEW"):
            patch.setattr(session, "VGG19", network)
            patch.setattr(session, "WholeEvaluation", evaluation)
            patch.setattr(striped, "blocks_of", blocks_of)
        yield
    if known and not request.node.stash[IS_LAST]:
        return
    known.clear()
    gc.collect()
    alive = [each for each in gc.get_objects() if type(each) is FuncGraph]
    # What has failed keeps its frames for the report.
    assert not alive or request.session.testsfailed, f"{len(alive)} graphs survive, the first of {alive[0].name}"
