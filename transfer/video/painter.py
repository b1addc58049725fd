"""Frame after frame of a film, each tied to the frames before it.

Ruder, Dosovitskiy & Brox 2016, section 4. The first frame of a scene is a picture like any other. Each further one

1. starts from the previous result, moved by the optical flow;
2. has one more term in its loss, which holds it to that where the flow can be trusted (`transfer.video.flow`);
3. and, if several earlier frames are looked at, to older ones where no later one saw the place
   (`transfer.video.earlier`).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from transfer.inputs.files import Files
from transfer.inputs.pictures import together
from transfer.recipe.choices import Recipe
from transfer.session import Job, Session
from transfer.train import Result, Watch
from transfer.video.cuts import is_cut
from transfer.video.earlier import combined
from transfer.video.flicker import flicker
from transfer.video.flow import flow, warped, weights

#: Frames that are remembered at least: after a flash, a scene goes on from the frame before it (`transfer.video.cuts`).
REMEMBERED = 2


@dataclass(frozen=True)
class Manner:
    """What is the same for all frames of a film."""

    files: Files  # the content is the film
    styles: tuple[np.ndarray, ...]  # (H, W, 3) uint8 RGB each, at their sizes
    first: Recipe  # of the first frame of a scene
    further: Recipe  # of all other frames
    seed: int = 0
    earlier: tuple[int, ...] = (1,)  # how many frames back those are that a frame is held to, the nearest first
    independent: bool = False  # each frame by itself, to compare with


class Link(NamedTuple):
    """How a frame hangs together with an earlier one."""

    result: np.ndarray  # of the earlier frame, (H, W, 3) uint8
    backward: np.ndarray  # the flow from the frame to the earlier one, (H, W, 2)
    weights: np.ndarray  # c, (H, W)


class Painted(NamedTuple):
    """What became of a frame."""

    result: Result
    begins_scene: bool
    links: tuple[Link, ...]  # the nearest first

    def flicker(self, image: np.ndarray) -> float | None:
        """Return how much `image`, the result as it was written, differs from its predecessor; None in a new scene."""
        return flicker(image, *self.links[0]) if self.links else None


class Painter:
    """Paints the frames of a film one by one, and remembers as many of them as the next ones need."""

    def __init__(self, session: Session, manner: Manner) -> None:
        """Begin a film."""
        self.session, self.manner = session, manner
        # (content, result), the newest last
        self._frames: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=max(REMEMBERED, *manner.earlier))

    @property
    def memory(self) -> int:
        """Return how many frames before the next one it has to know."""
        return self._frames.maxlen or 0

    def paint(self, content: np.ndarray, watch: Watch | None = None) -> Painted:
        """Return the result for the next frame, (H, W, 3) uint8 RGB at the size of the run.

        The caller writes it and gives what was written to `remember`.
        """
        links = self._links(content)
        job = self._job(content, () if self.manner.independent else links)
        return Painted(self.session.run(job, watch), not links, links)

    def remember(self, content: np.ndarray, result: np.ndarray) -> None:
        """Take a finished frame, (H, W, 3) uint8 RGB both; the next ones are held to it."""
        self._frames.append((content, result))

    def _job(self, content: np.ndarray, links: Sequence[Link]) -> Job:
        manner = self.manner
        if not links:
            return Job(manner.first, together(manner.files, manner.first, content, manner.styles, ()), manner.seed)
        # What starts and holds the frame is not in any file; the rest is as for a start from the content.
        pictures = together(manner.files, replace(manner.further, init="content"), content, manner.styles, ())
        moved = [warped(link.result, link.backward) for link in links]
        earlier = combined(moved, [link.weights for link in links])
        # Where nothing is known, the moved result shows what was in front before: a ghost that few steps cannot remove.
        start = np.where(earlier[..., 3:] > 0, earlier[..., :3], np.float32(content))
        return Job(manner.further, replace(pictures, init_image=start, earlier=earlier), manner.seed)

    def _links(self, content: np.ndarray) -> tuple[Link, ...]:
        """Return how the frame hangs together with those before it; nothing if a scene begins."""
        links = [self._link(content, ago) for ago in self.manner.earlier if ago <= len(self._frames)]
        found = tuple(link for link in links if link)
        if not found and len(self._frames) >= REMEMBERED:
            found = tuple(filter(None, [self._link(content, REMEMBERED)]))
        return found

    def _link(self, content: np.ndarray, ago: int) -> Link | None:
        """Return how the frame hangs together with the one so many frames back; None if there is a cut between."""
        before, result = self._frames[-ago]
        backward = flow(content, before)
        trust = weights(flow(before, content), backward)
        return None if is_cut(before, content, backward, trust) else Link(result, backward, trust)
