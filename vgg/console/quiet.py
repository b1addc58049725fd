"""A terminal that shows only our lines: TensorFlow and other compiled libraries are kept from printing.

They write to file descriptor 2 past Python's `sys.stderr`. The descriptor belongs to the whole process, so it is
redirected once for a whole command, never around single calls, where threads would disturb each other.
"""

import faulthandler
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from vgg.console.interrupts import interrupts_at_once


@contextmanager
def compiled_code_silenced() -> Iterator[None]:
    """Discard what compiled libraries print inside the block; Python's `sys.stderr` still arrives.

    If `sys.stderr` writes to descriptor 2, it is replaced by one that writes to a duplicate of it. Processes that are
    started inside the block inherit the silence; give them `stderr=sys.stderr` to hear them.
    """
    before = sys.stderr
    with silent_stderr() as kept:
        if kept is not None and _writes_to_stderr(before):
            # Not closed at the end: loggers that were made inside the block go on writing to it.
            sys.stderr = os.fdopen(
                os.dup(kept), "w", encoding=before.encoding, errors=before.errors, buffering=1, closefd=False
            )
            faulthandler.enable(sys.stderr)  # a crash in compiled code says at least where it was
        try:
            yield
        finally:
            sys.stderr = before


@contextmanager
def silent_stderr() -> Iterator[int | None]:
    """Discard what is written to descriptor 2 inside the block; yield a duplicate of it, or None if it was closed."""
    try:
        kept = os.dup(2)
    except OSError:
        kept = None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != 2:
        os.dup2(nowhere, 2)
        os.close(nowhere)
    try:
        yield kept
    finally:
        if kept is not None:  # else it stays as it is: the next file to be opened would get the number 2
            os.dup2(kept, 2)
            os.close(kept)


def _writes_to_stderr(stream: object) -> bool:
    try:
        return stream.fileno() == 2
    except (AttributeError, OSError, ValueError):  # None, or a stream without a file, as in a notebook
        return False


def start_tensorflow() -> None:
    """Import TensorFlow without its start-up messages, and make its results the same from run to run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # for what it logs later, such as large allocations
    disabled = logging.root.manager.disable
    with silent_stderr(), interrupts_at_once(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)  # such as Matplotlib's, which TensorFlow imports, about a missing home folder
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()  # it also prints while it looks for a GPU
        finally:
            logging.disable(disabled)
    tf.get_logger().setLevel("ERROR")  # it warns of every new graph, and each size and recipe needs its own
    tf.config.experimental.enable_op_determinism()
    # One of the graph rewrites adds up gradients in the order in which they happen to arrive, so that the last bits
    # change from run to run. None of the rewrites makes this network measurably faster.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
