"""The runs of the page: one after the other in a thread of their own, by the command line's driver (`make_picture`).

Nothing here knows of browsers: a tab may be closed, and another one sees the same. A run that is stopped keeps its best
picture and its checkpoint; so does the last checkpoint of one that was killed.
"""

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Hashable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from transfer.apps.page.folder import Folder
from transfer.apps.page.settings import Settings, parse
from transfer.cli.options import RunOptions, files_from
from transfer.cli.outputs import Outputs, images_and_place
from transfer.cli.run import job_of, make_picture, session_of
from transfer.cli.variants import variants_of
from transfer.cli.watchers import steps_of
from transfer.files import SAMPLE, Files
from transfer.inputs import load
from transfer.machine import available_bytes
from transfer.recipes import Recipe
from transfer.session import Job, Session
from transfer.sizes import with_margin
from transfer.striped import IN_STRIPES
from transfer.train import Step
from vgg.errors import InputError, python
from vgg.tools.progress import duration

PACE_SIZE = 128  # pixels, of the picture with which the pace of a network is measured


@dataclass(eq=False)
class Run:
    """A run that was asked for. Only the thread changes it; others read it, and set `stop`."""

    outputs: Outputs
    settings: Settings
    resume: bool = False  # an unfinished one
    state: str = "waiting"  # then "running", and "finished", "stopped" or "failed"
    problem: str = ""
    count: int = 0  # steps in all
    steps: list[Step] = field(default_factory=list)
    image: np.ndarray | None = None  # (H, W, 3), the best so far
    stop: threading.Event = field(default_factory=threading.Event)


class Runs:
    """The present run, or the last one, and those that wait."""

    def __init__(self, folder: Folder) -> None:
        """Start the thread, which waits for the first run."""
        self.folder, self.present, self.changes = folder, None, 0  # `changes` grows whenever a list on the page is old
        self._waiting: deque[Run] = deque()
        self._changed, self._sessions, self._paces = threading.Condition(), dict[Hashable, Session](), {}
        self._closed, self._one_session = False, threading.Lock()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def queue(self) -> list[Run]:
        """Return the present run, or the last one, and those that wait."""
        return [*([self.present] if self.present else []), *self._waiting]

    def add(self, settings: Settings, unfinished: Outputs | None = None, first: bool = False) -> Run:
        """Queue a run, or an `unfinished` one again; raises InputError if its pictures or settings cannot be used."""
        files, recipe, _ = _files_recipe_options(settings)
        load(files, recipe)
        run = Run(unfinished or self.folder.new(settings), settings, unfinished is not None)
        with self._changed:
            (self._waiting.appendleft if first else self._waiting.append)(run)
            self._changed.notify()
        return run

    def stop(self) -> None:
        """Stop the present run after its step, and forget those that wait."""
        with self._changed:
            for run in self._waiting:
                self.folder.forget(run.outputs)
            self._waiting.clear()
        if self.present:
            self.present.stop.set()

    def restart(self, strength: float) -> Run:
        """Stop the present run, and go on at its size from the picture that it has, with another strength."""
        if self.present is None:
            raise InputError("nothing is being painted yet; press Paint first")
        run = self.present
        further = f"{run.settings.further.removesuffix('--scales=')} --scales=".strip()
        settings = replace(run.settings, strength=strength, start=str(run.outputs.picture), further=further)
        follower = Run(self.folder.new(settings), settings)
        with self._changed:
            self._waiting.appendleft(follower)
            run.stop.set()
            self._changed.notify()
        return follower

    def close(self) -> str:
        """Stop all, keep the best picture of the present run, and return one line about it."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self.present:
            self.present.stop.set()
        self._thread.join()
        run = self.present
        return f"; the best picture of the last run is in {run.outputs.picture}" if run and run.steps else ""

    def forecast(self, settings: Settings) -> str:
        """Return in words how large the picture will be, how long it takes, and the memory; raises InputError."""
        files, recipe, options = _files_recipe_options(settings)
        job = Job(recipe, load(files, recipe))
        session = self._session(job, options)
        phases = session.phases(job)
        last = phases[-1]
        pixels = sum(pixels * until for pixels, until in {p.pixels: p.until for p in phases}.items())
        plan = session.plan(recipe, last.height, last.width, job.images.guided_regions)
        free, needed = available_bytes(), f"{plan.needed / 1e9:.1f} GB of memory"
        if free is not None:
            needed += f" of {free / 1e9:.1f} free" + ("; close other programs first" if free < plan.needed else "")
        seconds = pixels * self._paces[session]
        return f"{last.width} × {last.height} pixels · about {duration(seconds)} · {needed}"

    def _session(self, job: Job, options: RunOptions) -> Session:
        """Return the session of these options, with its compiled losses; a new one is tried on a small picture."""
        key = (options.weights, options.precision, options.max_memory, job.recipe.optimizer)
        with self._one_session:
            if key not in self._sessions:
                session = session_of(job, options, Outputs(Path(), Path(), Path()), lambda line: None, IN_STRIPES)
                self._paces[session] = _pace(session, job.recipe)
                self._sessions[key] = session
            return self._sessions[key]

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                run = self.present = self._waiting.popleft()
            try:
                run.state = "running"
                self._make(run)
            except (InputError, KeyboardInterrupt) as error:
                run.state, run.problem = "failed" if isinstance(error, InputError) else "stopped", str(error)
            except Exception as error:  # the page lives on
                traceback.print_exc(file=sys.stderr)
                run.state, run.problem = "failed", f"the program went wrong: {type(error).__name__}; see the terminal"
            self.changes += 1

    def _make(self, run: Run) -> None:
        """Make the picture of a run, as `python -m transfer` does; raises InputError and KeyboardInterrupt."""
        if run.settings.start and not Path(run.settings.start).exists():
            raise InputError("the run before was stopped before its first step, so there is no picture to start from")
        files, recipe, options = _files_recipe_options(run.settings)
        options, picture = replace(options, resume=run.resume), run.outputs.picture
        command = [python(), "-m", "transfer", *run.settings.words(), "-o", str(picture)]
        images, place = images_and_place(files, recipe, picture, options, command)
        job = job_of(recipe, images, place, options)
        session = self._session(job, options)
        run.count = steps_of(session.phases(job))

        def watch(step: Step, image: np.ndarray) -> None:
            run.image = session.finished(job, image)
            run.steps.append(step)

        def check_interrupt() -> None:
            if run.stop.is_set():
                raise KeyboardInterrupt

        _, run.outputs, record = make_picture(
            session, job, place, options, nullcontext(), check_interrupt, keep_best=True, watch=watch
        )
        if run.outputs.picture != picture:
            run.problem = f"{picture.parent} cannot be written, so the picture is in {run.outputs.picture}"
        run.state = "stopped" if record["stopped"] == "interrupted" else "finished"


def _files_recipe_options(settings: Settings) -> tuple[Files, Recipe, RunOptions]:
    words = parse(settings.words())
    return files_from(words), variants_of(words)[0].recipe, RunOptions.of(words)


def _pace(session: Session, recipe: Recipe) -> float:
    """Return the seconds that an evaluation takes for each pixel."""
    recipe = replace(recipe, size=PACE_SIZE, size_of="longer side", scales=(), init="content", init_shares=())
    phase = session.phases(job := Job(recipe, load(Files(SAMPLE, SAMPLE), recipe)))[0]
    objective, image = phase.build_objective(), with_margin(session.start(job), phase.margin)
    objective(image)  # compiles
    began = time.perf_counter()
    objective(image)
    return (time.perf_counter() - began) / phase.pixels
