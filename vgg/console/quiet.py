"""A terminal that shows only our lines: TensorFlow and other compiled libraries are kept from talking."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard what compiled libraries write to file descriptor 2, past Python's `sys.stderr`."""
    try:
        kept = os.dup(2)
    except OSError:  # closed, as in a program without a terminal; then nobody can print to it either
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def start_tensorflow() -> None:
    """Import TensorFlow without its start-up messages, and make its results the same from run to run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # for what it logs later, such as large allocations
    with silent_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()  # looking for a GPU is another occasion to talk
    tf.get_logger().setLevel("ERROR")  # it warns of every new graph, and each size and recipe needs its own
    tf.config.experimental.enable_op_determinism()
    # One of the graph rewrites adds up gradients in the order in which they happen to arrive, so that the last bits
    # change from run to run. None of the rewrites makes this network measurably faster.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
