"""Whether Dask's workers are wanted, and can be had; Dask itself is only imported in `transfer.cluster`."""

import argparse
import importlib.util

from vgg.errors import InputError


def workers_wanted(options: argparse.Namespace) -> bool:
    """Return whether Dask's workers shall do the work.

    Raises:
        InputError: they are wanted in two ways, or Dask is not installed.
    """
    if options.workers is None and options.scheduler is None:
        return False
    if options.workers is not None and options.scheduler is not None:
        raise InputError("--workers starts workers here and --scheduler joins others; choose one of them")
    if importlib.util.find_spec("distributed") is None:
        raise InputError("Dask's `distributed` is not installed, on which workers run; get it: make cluster")
    return True
