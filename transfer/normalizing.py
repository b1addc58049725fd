"""The pictures on which the normalised network is measured: drawings, the same for every content and style.

The paper's authors took ImageNet's photographs. Nobody has those at hand, but drawings do as well: over the twelve
below, the means of the genuine filters (conv1_1 … conv3_4) come as near to those over photographs as the means over
four photographs come to those over four others. The deviation |log2 of the ratio|, without what a whole layer has in
common, is then 0.14 in the median, below 0.43 for 90 % of the filters, and 1.4 at most. Over a single photograph it is
0.2 to 0.5, 0.6 to 1.4 and 3 to 30.
"""

import numpy as np

from weights.train.drawings import draw

#: Leaves, cells, an animal's head, curves, leaves on a flow, bodies, a portrait, a swarm, an ornament, lights out of
#: focus, a landscape and strokes: half of them show something. More kinds do not come nearer.
KINDS = tuple(range(12))
#: Pixels a side.
SIZE = 256


def normalizing_pictures() -> list[np.ndarray]:
    """Return the drawings, each (SIZE, SIZE, 3) uint8 RGB; takes a second."""
    return [draw(kind, 0, SIZE) for kind in KINDS]
