"""What runs on a worker: one picture at a time, by a session that it keeps."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from distributed import WorkerPlugin, get_worker
from distributed.worker import Worker

import transfer
import vgg
from vgg.console.quiet import start_tensorflow

if TYPE_CHECKING:  # TensorFlow is not imported before `start_tensorflow`
    from transfer.session import Job
    from transfer.train import Result, Step
    from vgg.matfile.read import Weights

#: The resource of which each worker has one and each picture needs one.
RESOURCE = "picture"
#: Where workers tell of the steps they take.
TOPIC = "steps of pictures"
#: Of a worker's memory limit, which a session uses at most: Dask pauses a worker at 80 %.
SHARE_OF_LIMIT = 0.75
#: Seconds between two reports of a picture's steps.
PACE = 0.5


class Pictures(WorkerPlugin):
    """Starts TensorFlow on a worker, and keeps its sessions: by weights, precision and memory."""

    name = "pictures"

    def setup(self, worker: Worker) -> None:
        """Begin without any session."""
        start_tensorflow()
        self.sessions: dict[tuple[str, str, float], Any] = {}


@dataclass(frozen=True)
class Task:
    """An order as it is sent; the pictures come beside it, because several orders share them."""

    name: str
    job: "Job"  # without its content, style and start images
    starts_from_content: bool
    precision: str
    state: Path | None  # where the run keeps its state, if client and worker see the same files
    checkpoint_every: int | None
    report_as: str | None


def shipped(value: object) -> object:
    """Return the value. As the result of a task it goes to each worker once, and again if its worker dies."""
    return value


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


def make(task: Task, weights: "Weights", content: np.ndarray, *styles: np.ndarray) -> tuple["Result", dict[str, Any]]:
    """Make a picture; return it, and what its record says of the run.

    Raises:
        InputError: it cannot be made.
    """
    from transfer.batch.making import make_one
    from transfer.machine import usable_bytes
    from transfer.session import Session

    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    memory = SHARE_OF_LIMIT * limit if limit else usable_bytes()
    sessions = worker.plugins[Pictures.name].sessions
    key = (weights.sha256, task.precision, memory)
    if key not in sessions:
        sessions[key] = Session(weights, memory, task.precision)
    pictures = replace(task.job.pictures, content_image=content, style_images=tuple(styles))
    if task.starts_from_content:
        pictures = replace(pictures, init_image=content)
    told = 0.0

    def tell(step: "Step", image: np.ndarray) -> None:
        nonlocal told
        if time.monotonic() - told >= PACE:
            told = time.monotonic()
            worker.log_event(TOPIC, {"name": task.name, "step": step.step, "losses": tuple(step.losses[:1])})

    job = replace(task.job, pictures=pictures)
    return make_one(sessions[key], job, task.state, task.checkpoint_every, [tell], lambda: None, task.report_as)
