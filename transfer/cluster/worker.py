"""What runs on a worker: one picture at a time, by a session that it keeps as long as the batch runs."""

import gc
import hashlib
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from distributed import Reschedule, WorkerPlugin, get_worker
from distributed.worker import Worker

import transfer
import vgg
from vgg.tools.console import start_tensorflow

if TYPE_CHECKING:  # TensorFlow is not imported before `start_tensorflow`
    from transfer.session import Job, Session
    from transfer.train import Step
    from vgg.matfile.read import Weights
    from vgg.tools.image import Depth

#: The resource of which each worker has one and each picture needs one.
RESOURCE = "picture"
#: Where workers tell of the steps they take; the name of the batch follows.
TOPIC = "steps of "
#: Of a worker's memory limit, which a session uses at most: Dask pauses a worker at 80 %.
SHARE_OF_LIMIT = 0.75
#: Seconds between two reports of a picture's steps.
PACE = 0.5


class Pictures(WorkerPlugin):
    """Starts TensorFlow on a worker, and keeps the sessions of one batch: by weights, precision and memory."""

    def __init__(self, batch: str) -> None:
        """Take the name of the batch, so that several may use the same workers."""
        self.name = batch

    def setup(self, worker: Worker) -> None:
        """Begin without any session."""
        start_tensorflow()
        self.sessions: dict[tuple[str, str, float], Session] = {}

    def teardown(self, worker: Worker) -> None:
        """Free the sessions: a worker outlives many batches."""
        self.sessions.clear()
        gc.collect()  # a session refers to itself


@dataclass(frozen=True)
class Task:
    """An order as it is sent; the pictures come beside it, because several orders share them."""

    batch: str
    name: str
    job: "Job"  # without its content, style and start images
    starts_from_content: bool
    precision: str
    state: Path | None  # where the run keeps its state, if client and worker see the same files
    checkpoint_every: int | None
    report_as: str | None
    depth: "Depth"


def about() -> dict[str, Any]:
    """Return what this process computes with: versions, processor, and the digest of this program's files."""
    from transfer.command.record import environment

    digest = hashlib.sha256()
    for package in (vgg, transfer):
        folder = Path(package.__file__).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    found = environment()
    return {"versions": found["versions"], "processor": found["processor"], "program": digest.hexdigest()}


def make(packed: bytes, weights: "Weights", content: np.ndarray, *styles: np.ndarray) -> bytes:
    """Make the picture of a pickled `Task`; return it, and what its record says of the run, pickled.

    Raises:
        InputError: it cannot be made.
        Reschedule: the worker is about to end, so another one shall make it; or nobody wants it any more.
    """
    from transfer.batch.making import make_one

    worker, task = get_worker(), pickle.loads(packed)
    pictures = replace(task.job.pictures, content_image=content, style_images=tuple(styles))
    if task.starts_from_content:
        pictures = replace(pictures, init_image=content)
    job, session = replace(task.job, pictures=pictures), session_of(worker, task, weights)
    tell, check = teller(worker, task), stop_if_unwanted(worker, worker.get_current_task())
    try:
        made = make_one(session, job, task.state, task.checkpoint_every, [tell], check, task.report_as, task.depth)
    except KeyboardInterrupt:
        raise Reschedule from None
    return pickle.dumps(made, pickle.HIGHEST_PROTOCOL)


def session_of(worker: Worker, task: Task, weights: "Weights") -> "Session":
    """Return the session that the worker has for this batch; its memory is a share of the worker's limit."""
    from transfer.machine import usable_bytes
    from transfer.session import Session

    limit = worker.memory_manager.memory_limit
    memory = SHARE_OF_LIMIT * limit if limit else usable_bytes()
    sessions = worker.plugins[task.batch].sessions
    key = (weights.sha256, task.precision, memory)
    if key not in sessions:
        sessions[key] = Session(weights, memory, task.precision)
    return sessions[key]


def teller(worker: Worker, task: Task) -> Callable[["Step", np.ndarray], None]:
    """Return a watcher that tells the client of steps, about twice a second."""
    told = 0.0

    def tell(step: "Step", image: np.ndarray) -> None:
        nonlocal told
        if time.monotonic() - told >= PACE:
            told = time.monotonic()
            worker.log_event(TOPIC + task.batch, {"name": task.name, "step": step.step, "total": step.losses.total})

    return tell


def stop_if_unwanted(worker: Worker, key: str) -> Callable[[], None]:
    """Return a function that raises KeyboardInterrupt if the task was cancelled or the worker is about to end.

    Dask itself cannot stop a task that runs; the worker would be busy with it for nobody.
    """

    def check() -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled" or worker.status.name not in ("running", "paused"):
            raise KeyboardInterrupt

    return check
