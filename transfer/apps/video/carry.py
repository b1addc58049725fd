"""What a frame of a film starts from: earlier results, moved to where things are now, and colours for what is new.

Each place takes its colour from the oldest source that shows it, resampled once (`trace`). Where no source shows a
place, it gets the colours that were painted on what looks like it nearby: of the places with a known colour, those
nearest in the clip's colours and in position.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from scipy.spatial import KDTree

from transfer.apps.video.flow import came_from_inside, warped
from transfer.apps.video.trace import RIPE, Source
from transfer.regions import Region

#: How much the style of what has come in counts, where that of the whole frame counts 1.
ENTERED_WEIGHT = 0.35
#: The share of a frame from which on what has come in is looked at by itself.
LEAST_ENTERED = 0.002
#: Pixels that are as far as one level of colour, in the search for what looks like a place.
PIXELS_PER_LEVEL = 1.5
#: Neighbours whose painted colours are averaged.
NEIGHBOURS = 16
#: Pixels: how wide the border between what is known and what is new is.
SEAM = 2.0
#: At most so many known places are searched.
SEARCHED = 20_000


def start_of(
    content: np.ndarray, sources: Sequence[Source], results: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a frame starts, float32 (H, W, 3), and what it is held to: colours and their weights, (H, W, 4).

    The `results` are what was painted of the sources, uint8 (H, W, 3).

    What disappears behind something and comes back was seen in a frame further back. Ruder, Dosovitskiy & Brox 2016,
    section 4.3, let the nearest frame that shows a place count; we let the oldest, whose colours were resampled least.
    """
    moved = [
        warped(result, source.backward, cv2.INTER_LANCZOS4) for source, result in zip(sources, results, strict=True)
    ]
    shown = [source.weights for source in sources]
    done = [weights * times_painted(source) / RIPE for source, weights in zip(sources, shown, strict=True)]
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


def with_entered(regions: tuple[Region, ...], sources: Sequence[Source]) -> tuple[Region, ...]:
    """Return the regions of a frame with one more: what has come in over the edge, and is not done yet.

    It has a style loss of its own, because in that of the whole frame a strip of pixels is hardly heard. What comes out
    from behind something has none: it is small, and the style of a painting as a whole would make a dark coat gaudy.
    Where the user has made regions, they stay as they are.
    """
    done = [came_from_inside(source.backward) * times_painted(source) / RIPE for source in sources]
    entered = np.float32(1 - np.max(done, axis=0))
    if len(regions) > 1 or regions[0].guide is not None or entered.mean() < LEAST_ENTERED:
        return regions
    return *regions, replace(regions[0], name="entered", weight=ENTERED_WEIGHT, guide=entered)


def times_painted(source: Source) -> np.ndarray:
    """Return how often each place of a frame was painted in the source and before, up to `RIPE`, float32 (H, W)."""
    return warped(np.float32(source.times), source.backward)


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
