"""What looks on at a run, as the options want it; each watcher is called after each step."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil

import numpy as np

from transfer.command.event_log import EventLog
from transfer.command.outputs import Outputs, log_folders
from transfer.command.watchers import Snapshots
from transfer.train import Phase, Watch


@contextmanager
def watchers_of(
    options: argparse.Namespace, outputs: Outputs, phases: Sequence[Phase], finished: Callable[[np.ndarray], np.ndarray]
) -> Iterator[list[Watch]]:
    """Yield what looks on while the run goes by: the snapshots, and the log for TensorBoard if one is wanted."""
    snapshots = Snapshots(outputs.picture, finished, options.preview_every, options.save_every)
    if options.log_dir is None:
        yield [snapshots]
        return
    every = ceil(steps_of(phases) / 10)  # of more than 10 images TensorBoard shows some only
    with EventLog(log_folders(options.log_dir, outputs.picture), finished, every) as log:
        yield [snapshots, log]


def steps_of(phases: Sequence[Phase]) -> int:
    """Return how many steps the phases have together, if none ends early."""
    return sum({(phase.height, phase.width): phase.until for phase in phases}.values())
