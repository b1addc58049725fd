"""The scenes of a film, painted side by side by Dask's workers.

No frame is traced back beyond the beginning of its scene (`trace`). So each scene can be painted without the others,
and looks the same. This process traces the frames and keeps the results; a worker gets one frame after the other.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from distributed import Future

from transfer.apps.video.frame_store import FilmRun
from transfer.apps.video.painter import Order, ShowFrames, next_order, orders_of, require_finished, what_is_kept
from transfer.apps.video.trace import Tracer, traced_ahead
from transfer.cli.options import RunOptions
from transfer.cli.run import Lost
from transfer.cluster.painters import Painters, opened_painters
from transfer.cluster.worker import train_task
from transfer.session import Session
from transfer.train import Result
from vgg.errors import InputError
from vgg.tools.console import Say


def scenes_of(frames: Iterable[np.ndarray], earlier: tuple[int, ...]) -> list[range]:
    """Return the numbers of the frames of each scene; the frames are uint8 (H, W, 3).

    After a flash a scene goes on from before it, so the flash is a frame of that scene.
    """
    oldest = [
        min((source.number for source in traced.sources), default=traced.number)
        for traced in traced_ahead(frames, Tracer(earlier))
    ]
    reach = np.minimum.accumulate(oldest[::-1])[::-1]  # the oldest frame that this or any later one is traced to
    begins = [number for number, first in enumerate(reach) if first == number]
    return [range(begin, end) for begin, end in pairwise([*begins, len(oldest)])]


def paint_scenes(run: FilmRun, session: Session, options: RunOptions, say: Say, show_frames: ShowFrames) -> int:
    """Paint the frames that are not in the store yet, each scene by one worker; return how many there are in all.

    Raises:
        InputError: there are no workers, they are lost, or cannot paint a frame; the frames that are finished are kept.
        KeyboardInterrupt: stopped; they are kept, too.
    """
    scenes = scenes_of(run.frames(), run.earlier)
    say(f"{len(scenes)} {'scene' if len(scenes) == 1 else 'scenes'}, each for one worker at a time")
    try:
        with opened_painters(options, session.weights, session.precision, say) as painters:
            for number in painted_by(painters, run, scenes):
                show_frames(run.outputs.store.count(), f"frame {number + 1}")
    except Lost:
        raise InputError(f"the scheduler is lost; {what_is_kept(run)}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(what_is_kept(run)) from None
    return run.outputs.store.count()


def painted_by(painters: Painters, run: FilmRun, scenes: Sequence[range]) -> Iterator[int]:
    """Paint the frames of scenes that are not in the store yet, and yield the number of each as it is finished."""
    waiting = iter([orders_of(run, numbers) for numbers in scenes])
    in_work: dict[Future, tuple[Generator[Order, Result, None], Order]] = {}

    def go_on(orders: Generator[Order, Result, None] | None, result: Result | None = None) -> None:
        """Hand out the next frame of a scene, or the first one of the next scene that lacks a frame."""
        order = next_order(orders, result) if orders else None
        while order is None and (orders := next(waiting, None)):
            order = next_order(orders)
        if order:
            future = painters.submit(train_task, f"frame-{order.traced.number + 1}", order.job)
            in_work[future] = orders, order

    for _ in range(min(len(scenes), max(1, painters.count()))):
        go_on(None)
    while in_work:
        orders, order = in_work.pop(future := painters.next())
        number = order.traced.number
        try:
            result = painters.result(future)
        except InputError as error:
            raise InputError(f"frame {number + 1}: {error}") from None
        require_finished(result, number, run)
        go_on(orders, result)
        yield number
