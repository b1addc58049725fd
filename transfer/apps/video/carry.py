"""What a frame of a film starts from: earlier results, carried along by the flow, and colours where nothing is known.

Each time an image is moved, it is resampled and gets softer. So a result is not carried from frame to frame: the flows
are. A `Source` is an earlier frame and the flow from the frame in work back to it; each place takes its colour from the
oldest source that shows it, resampled once. Every `KEY` frames the sources begin anew, so that their number is bounded
and the errors of the flows do not add up for ever.

Where no source shows a place, it gets the colours that were painted on what looks like it nearby: of the places with a
known colour, those nearest in the clip's colours and in position.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial import KDTree

from transfer.apps.video.flow import (
    agreement,
    came_from_inside,
    camera_motion,
    flow,
    moving,
    plain,
    steadied,
    warped,
    weights,
)
from transfer.regions import Region

#: Frames after which the sources begin anew.
KEY = 10
#: Frames in which a place is painted until it is done; before, it is held less firmly and has a style loss of its own.
RIPE = 3
#: How much the style of what is new counts, where that of the whole frame counts 1.
NEW_WEIGHT = 0.35
#: The share of a frame from which on what is new is looked at by itself.
LEAST_NEW = 0.002
#: Pixels that are as far as one level of colour, in the search for what looks like a place.
PIXELS_PER_LEVEL = 1.5
#: Neighbours whose painted colours are averaged.
NEIGHBOURS = 16
#: Pixels: how wide the border between what is known and what is new is.
SEAM = 2.0
#: At most so many known places are searched.
SEARCHED = 20_000


@dataclass(frozen=True)
class Source:
    """An earlier frame, and where each pixel of a later one is in it."""

    content: np.ndarray  # (H, W, 3) uint8
    result: np.ndarray  # (H, W, 3) uint8
    backward: np.ndarray  # the flow from the later frame to this one, (H, W, 2)
    weights: np.ndarray  # c, (H, W): 1 where that can be trusted
    camera: np.ndarray  # (3, 3): how all that stands still got from the later frame to this one
    times: np.ndarray  # uint8 (H, W): how often each place of this frame had been painted, up to `RIPE`

    @classmethod
    def of_itself(cls, content: np.ndarray, result: np.ndarray, link: "Source | None") -> "Source":
        """Return a frame as a source of itself; the frame before is linked to it, unless it begins a scene."""
        shape = content.shape[:2]
        times = np.full(shape, RIPE, np.uint8)
        if link:
            before = warped(link.times, link.backward, cv2.INTER_NEAREST)
            times = np.minimum(RIPE, 1 + before * (link.weights > 0.5)).astype(np.uint8)
        return cls(content, result, np.zeros((*shape, 2), np.float32), np.ones(shape, np.float32), np.eye(3), times)

    def linked(self, content: np.ndarray) -> "Source":
        """Return the frame as a source of another one, (H, W, 3) uint8."""
        backward = flow(content, self.content)
        camera = camera_motion(content, self.content, backward)
        backward = steadied(content, self.content, backward, moving(camera, content.shape[:2]))
        moved = warped(self.content, backward)
        trust = weights(flow(self.content, content), backward, plain(content) & plain(moved))
        return replace(self, backward=backward, weights=trust * agreement(content, moved), camera=camera)

    def moved(self) -> np.ndarray:
        """Return the result brought to where things are in the later frame, uint8 (H, W, 3)."""
        return warped(self.result, self.backward, cv2.INTER_LANCZOS4)

    def carried(self, content: np.ndarray, link: "Source") -> "Source":
        """Return the source as seen from the next frame, which `link` leads to the present one.

        Where the way is lost, as behind something that passes, the camera's way is tried: what comes back is found.
        """
        known = (link.weights * warped(self.weights, link.backward))[..., None]
        camera = self.camera @ link.camera
        way = link.backward + warped(self.backward, link.backward)
        way = np.float32(np.where(known > 0.5, way, moving(camera, known.shape[:2])))
        weights = agreement(content, warped(self.content, way)) * came_from_inside(way)
        return replace(self, backward=way, weights=weights, camera=camera)


def start_of(content: np.ndarray, sources: Sequence[Source]) -> tuple[np.ndarray, np.ndarray]:
    """Return where a frame starts, float32 (H, W, 3), and what it is held to: colours and their weights, (H, W, 4).

    What disappears behind something and comes back was seen in a frame further back. Ruder, Dosovitskiy & Brox 2016,
    section 4.3, let the nearest frame that shows a place count; we let the oldest, whose colours were resampled least.
    """
    moved, shown = [source.moved() for source in sources], [source.weights for source in sources]
    done = [
        weights * warped(np.float32(source.times), source.backward) / RIPE
        for source, weights in zip(sources, shown, strict=True)
    ]
    # Of those that know a place best, the first; differences in the light are not to decide that.
    chosen, known = np.argmax(np.rint(np.multiply(done, RIPE)), axis=0)[None], np.max(shown, axis=0)
    colours = np.take_along_axis(np.stack(moved), chosen[..., None], axis=0)[0]
    earlier = np.dstack([colours, np.take_along_axis(np.stack(done), chosen, axis=0)[0]]).astype(np.float32)
    # Close to what is new, what is known may change a little, so that both meet without a seam.
    soft = np.clip(2 * cv2.GaussianBlur(known, (0, 0), SEAM) - 1, 0, 1)
    earlier[..., 3] *= soft
    start = filled(content, np.dstack([earlier[..., :3], known]))
    share = (known * soft)[..., None]
    return share * earlier[..., :3] + (1 - share) * start, earlier


def with_new(regions: tuple[Region, ...], earlier: np.ndarray) -> tuple[Region, ...]:
    """Return the regions of a frame with one more: what is not done yet has a style loss of its own.

    In that of the whole frame a strip of pixels that has just come in is hardly heard. Where the user has made regions,
    they stay as they are.
    """
    new = 1 - earlier[..., 3]
    if len(regions) > 1 or regions[0].guide is not None or new.mean() < LEAST_NEW:
        return regions
    return *regions, replace(regions[0], name="new", weight=NEW_WEIGHT, guide=new)


def filled(content: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Return painted colours for all places, float32 (H, W, 3): where `earlier` has the weight 0, the neighbours'."""
    colours, known = earlier[..., :3], earlier[..., 3]
    hidden, sure = known < 1, np.flatnonzero(known > 0.99)
    if not hidden.any() or not len(sure):
        return np.float32(content)
    y, x = np.mgrid[: known.shape[0], : known.shape[1]] / PIXELS_PER_LEVEL
    features = np.dstack([content, x, y]).reshape(-1, 5)
    sure = sure[:: max(1, len(sure) // SEARCHED)]
    _, nearest = KDTree(features[sure]).query(features[hidden.ravel()], k=min(NEIGHBOURS, len(sure)))
    image = colours.copy()
    image[hidden] = colours.reshape(-1, 3)[sure][nearest].reshape(len(nearest), -1, 3).mean(axis=1)
    return image
