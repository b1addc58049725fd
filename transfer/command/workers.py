"""Whether Dask's workers are wanted, and can be had; Dask itself is only imported in `transfer.cluster`."""

import argparse
import importlib.util

from transfer.machine import processors, usable_bytes
from vgg.errors import InputError

#: What a worker needs. With a picture of 40 pixels it had 0.8 GB at its peak; the plan of the default recipe
#: (`transfer.memory`) asks for 1.45 GB, which may be three quarters of a worker's memory.
WORKER_BYTES = 2e9
#: Workers for each processor; more would only wait for each other.
WORKERS_PER_PROCESSOR = 2


def workers_wanted(options: argparse.Namespace) -> bool:
    """Return whether Dask's workers shall do the work.

    Raises:
        InputError: they are wanted in two ways, Dask is not installed, or this machine is too small for so many.
    """
    if options.workers is None and options.scheduler is None:
        return False
    if options.workers is not None and options.scheduler is not None:
        raise InputError("--workers starts workers here and --scheduler joins others; choose one of them")
    if importlib.util.find_spec("distributed") is None:
        raise InputError("Dask's `distributed` is not installed, on which workers run; get it: make cluster")
    if options.workers is not None:
        _require_room(options.workers, options.max_memory or usable_bytes())
    return True


def _require_room(workers: int, memory_bytes: float) -> None:
    by_memory, by_processors = int(memory_bytes / WORKER_BYTES), WORKERS_PER_PROCESSOR * processors()
    if workers > by_memory:
        raise InputError(
            f"--workers {workers} share {memory_bytes / 1e9:.1f} GB of memory, and each needs {WORKER_BYTES / 1e9:g} "
            f"GB, expected at most {by_memory}; choose fewer or none, or allow more with --max-memory"
        )
    if workers > by_processors:
        raise InputError(
            f"--workers {workers} share {processors()} processors, expected at most {by_processors}; choose fewer"
        )
