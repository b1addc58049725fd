"""What runs on a worker: it paints one picture at a time, by a session that it keeps as long as the batch runs."""

import gc
import hashlib
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import Reschedule, WorkerPlugin, get_worker
from distributed.worker import Worker

import transfer
import vgg
from transfer.cli.options import RunOptions
from vgg.tools.console import start_tensorflow

if TYPE_CHECKING:
    from transfer.cli.run import Painted
    from transfer.session import Job, Session
    from transfer.train import Result
    from vgg.matfile.read import Weights


#: The resource of which each worker has one and each picture needs one.
RESOURCE = "picture"
#: Where workers tell of the steps they take; the name of the batch follows.
TOPIC = "steps of "
#: Of a worker's memory limit, which a session uses at most: Dask pauses a worker at 80 %.
SHARE_OF_LIMIT = 0.75
#: Seconds between two reports of a picture's steps.
PACE = 0.5


class SessionPlugin(WorkerPlugin):
    """Starts TensorFlow on a worker, and keeps the session of one batch."""

    def __init__(self, batch: str) -> None:
        self.name = batch  # so that several may use the same workers

    def setup(self, worker: Worker) -> None:
        """Begin without a session."""
        start_tensorflow()
        self.session: Session | None = None

    def teardown(self, worker: Worker) -> None:
        """Free the session: a worker outlives many batches."""
        self.session = None
        gc.collect()  # a session refers to itself


@dataclass(frozen=True, eq=False)
class Task:
    """A picture as it is sent to a worker."""

    batch: str
    name: str
    job: "Job"
    precision: str
    state: Path | None  # where the run keeps its state, if client and worker see the same files
    options: RunOptions


def about() -> dict[str, Any]:
    """Return what this process computes with: versions, processor, and the digest of this program's files."""
    from transfer.cli.record import environment

    digest = hashlib.sha256()
    for package in (vgg, transfer):
        folder = Path(package.__file__).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    present = environment()
    return {"versions": present["versions"], "processor": present["processor"], "program": digest.hexdigest()}


def paint_task(packed: bytes, weights: "Weights") -> "Painted":
    """Return the picture of a pickled `Task`, which need not be unpickled where the scheduler is.

    Raises:
        InputError: it cannot be made.
        Reschedule: the worker is about to end, so another one shall make it; or nobody wants it any more.
    """
    from transfer.cli.checkpoints import checkpoints_of
    from transfer.cli.run import paint

    worker, task, told_at = get_worker(), pickle.loads(packed), 0.0

    def tell(step, image) -> None:  # noqa: ANN001
        nonlocal told_at
        if time.monotonic() - told_at >= PACE:
            told_at = time.monotonic()
            worker.log_event(TOPIC + task.batch, {"name": task.name, "step": step.step, "total": step.losses.total})

    session = _session_of(worker, task, weights)
    checkpoints = checkpoints_of(session, task.job, task.state, task.options.checkpoint_every)
    try:
        return paint(session, task.job, checkpoints, task.options, [tell], _stop_if_unwanted(worker))
    except KeyboardInterrupt:
        raise Reschedule from None


def train_task(packed: bytes, weights: "Weights") -> "Result":
    """Return the result of a pickled `Task`, as `Session.run` does: of a frame, the client keeps what it needs.

    It raises what `paint_task` raises.
    """
    worker, task = get_worker(), pickle.loads(packed)
    stop_if_unwanted = _stop_if_unwanted(worker)
    result = _session_of(worker, task, weights).run(task.job, lambda step, image: stop_if_unwanted())
    if result.stopped == "interrupted":
        raise Reschedule
    return result


def _stop_if_unwanted(worker: Worker) -> Callable[[], None]:
    """Return what raises KeyboardInterrupt when the present task is not wanted any more.

    Dask itself cannot stop a task that runs; the worker would be busy with it for nobody.
    """
    key = worker.get_current_task()

    def stop_if_unwanted() -> None:
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled" or worker.status.name not in ("running", "paused"):
            raise KeyboardInterrupt

    return stop_if_unwanted


def _session_of(worker: Worker, task: Task, weights: "Weights") -> "Session":
    """Return the session that the worker has for this batch; its memory is a share of the worker's limit."""
    from transfer.machine import usable_bytes
    from transfer.session import Session
    from transfer.striped import IN_STRIPES

    plugin, limit = worker.plugins[task.batch], worker.memory_manager.memory_limit
    if plugin.session is None:
        memory_bytes = SHARE_OF_LIMIT * limit if limit else usable_bytes()
        plugin.session = Session(weights, memory_bytes, task.precision, IN_STRIPES)
    return plugin.session
