"""How each frame of a film hangs together with earlier ones: where each of its pixels was, found in the clip alone.

Each time an image is moved, it is resampled and gets softer. So a result is not carried from frame to frame: the flows
are. A `Source` is an earlier frame and the flow from the frame in work back to it, so that each place can take its
colour from the oldest source that shows it, resampled once. Every `KEY` frames the sources begin anew, so that their
number is bounded and the errors of the flows do not add up for ever.

Nothing here depends on what was painted, so the next frame is traced while this one is painted (`traced_ahead`).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from transfer.apps.video.flow import (
    CONTINUED,
    agreement,
    came_from_inside,
    camera_motion,
    continuity,
    flow,
    moving,
    plain,
    steadied,
    warped,
    weights,
)

#: Frames after which the sources begin anew.
KEY = 10
#: Of the sources before the last key frame, each so many-th stays: they show what was hidden in the key frame.
KEPT_BEFORE_KEY = 3
#: Frames that are remembered at least: after a flash, a scene goes on from the frame before it (`flow`).
REMEMBERED = 2
#: Frames in which a place is painted until it is done.
RIPE = 3
#: Pixels a frame: what differs from the camera's motion by less moves with the camera.
STILL = 0.1


@dataclass(frozen=True)
class Source:
    """An earlier frame, and where each pixel of a later one is in it."""

    number: int  # of the earlier frame, counted from 0
    content: np.ndarray  # (H, W, 3) uint8
    backward: np.ndarray  # the flow from the later frame to this one, (H, W, 2)
    weights: np.ndarray  # c, (H, W): 1 where that can be trusted
    camera: np.ndarray  # (3, 3): how all that stands still got from the later frame to this one
    times: np.ndarray  # uint8 (H, W): how often each place of this frame has been painted, up to `RIPE`

    @classmethod
    def of_itself(cls, number: int, content: np.ndarray, link: "Source | None") -> "Source":
        """Return a frame as a source of itself; the frame before is linked to it, unless it begins a scene."""
        shape = content.shape[:2]
        times = np.full(shape, RIPE, np.uint8)
        if link:
            before = warped(link.times, link.backward, cv2.INTER_NEAREST)
            times = np.minimum(RIPE, 1 + before * (link.weights > 0.5)).astype(np.uint8)
        return cls(number, content, np.zeros((*shape, 2), np.float32), np.ones(shape, np.float32), np.eye(3), times)

    def linked(self, content: np.ndarray) -> "Source":
        """Return the frame as a source of another one, (H, W, 3) uint8."""
        backward = flow(content, self.content)
        camera = camera_motion(content, self.content, backward)
        steady = moving(camera, content.shape[:2])
        backward = steadied(content, self.content, backward, steady)
        moved = warped(self.content, backward)
        # What is plain and moves otherwise than the camera may have been dragged along.
        is_plain = plain(content) & plain(moved) & (np.abs(backward - steady).max(axis=2) < STILL)
        trust = weights(flow(self.content, content), backward, is_plain)
        return replace(self, backward=backward, weights=trust * agreement(content, moved), camera=camera)

    def carried(self, content: np.ndarray, link: "Source") -> "Source":
        """Return the source as seen from the next frame, which `link` leads to the present one.

        Where the way is lost, as behind something that passes, the camera's way is tried: what comes back is found. So
        it is where things now move with the camera, if it leads to what looks alike: before, something may have dragged
        their flow along.
        """
        camera, shape = self.camera @ link.camera, content.shape[:2]
        way, steady = link.backward + warped(self.backward, link.backward), moving(camera, shape)
        is_lost = link.weights * warped(self.weights, link.backward) <= 0.5
        is_steady = np.abs(link.backward - moving(link.camera, shape)).max(axis=2) < STILL
        is_steady &= agreement(content, warped(self.content, steady)) > 0.5
        way = np.where((is_lost | is_steady)[..., None], steady, way)
        weights = agreement(content, warped(self.content, way)) * came_from_inside(way)
        return replace(self, backward=way, weights=weights, camera=camera)


class Traced(NamedTuple):
    """A frame, and how it hangs together with earlier ones; where a scene begins, with none."""

    number: int  # counted from 0
    content: np.ndarray  # (H, W, 3) uint8
    link: Source | None = None  # the nearest frame
    chain: tuple[Source, ...] = ()  # the frames to which the nearest one was traced, the oldest first, and itself
    others: tuple[Source, ...] = ()  # those of `--long-term`, the nearest first

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return all frames that show something of this one."""
        return *self.chain, *self.others


class Tracer:
    """Traces the frames of a film one by one, and remembers as many of them as the next ones need."""

    def __init__(self, earlier: tuple[int, ...] = (1,), number: int = 0) -> None:
        """Begin with the frame of this number; each is also traced to the frames that are `earlier` by so many."""
        self.earlier, self.number = earlier, number
        self._frames: deque[Source] = deque(maxlen=max(REMEMBERED, *earlier))  # the newest last
        self._sources: tuple[Source, ...] = ()  # of the newest frame
        self._has_begun_scene = False  # the newest frame

    def trace(self, content: np.ndarray) -> Traced:
        """Return how the next frame, (H, W, 3) uint8, hangs together with those before it."""
        link, chain, others = self._found(content)
        self._has_begun_scene = link is None
        itself, age = Source.of_itself(self.number, content, link), self.number % KEY
        before_key = chain[age:] if age else chain[:KEY:KEPT_BEFORE_KEY]
        self._sources = (*chain[:age], itself, *before_key)
        self._frames.append(itself)
        self.number += 1
        return Traced(itself.number, content, link, chain, others)

    def _found(self, content: np.ndarray) -> tuple[Source | None, tuple[Source, ...], tuple[Source, ...]]:
        """Return link, chain and others of the next frame, as `Traced` has them."""
        if self._has_begun_scene and len(self._frames) >= REMEMBERED and (link := self._link(content, REMEMBERED)):
            return link, (link,), ()  # the frame between is a flash, even one that shows something of the scene
        links = {ago: self._link(content, ago) for ago in {1, *self.earlier} if ago <= len(self._frames)}
        others = tuple(link for ago, link in sorted(links.items()) if link and ago > 1)
        if link := links.get(1):
            return link, tuple(source.carried(content, link) for source in self._sources), others
        if not others and len(self._frames) >= REMEMBERED and (link := self._link(content, REMEMBERED)):
            others = (link,)
        return (others[0] if others else None), others[:1], others[1:]

    def _link(self, content: np.ndarray, ago: int) -> Source | None:
        """Return the frame so many frames back as a source of the next one; None if there is a cut between."""
        before = self._frames[-ago]
        link = before.linked(content)
        is_cut = continuity(before.content, content, link.backward, link.weights) < CONTINUED
        return None if is_cut else link


def needed_from(done: int, earlier: tuple[int, ...]) -> int:
    """Return the first frame that has to be looked at to trace those after the first `done` ones."""
    last_key = (done - 1) // KEY * KEY
    return max(0, min(last_key - KEY - REMEMBERED - 2 * RIPE, done - max(earlier)))


def traced_ahead(frames: Iterable[np.ndarray], tracer: Tracer) -> Iterator[Traced]:
    """Yield the frames as they are traced, each by a thread, while the caller works on the one before."""
    coming = map(tracer.trace, frames)
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(next, coming, None)
        while (traced := future.result()) is not None:
            future = thread.submit(next, coming, None)
            yield traced
