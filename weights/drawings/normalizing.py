"""The pictures on which the normalised network is measured: drawings, the same for every content and style.

The paper's authors took ImageNet's photographs. Nobody has those at hand, but drawings do as well. This was measured
with the genuine filters, conv1_1 … conv3_4. Their means over the drawings below were compared with those over eight
photographs and paintings: |log2 of the ratio|, after each layer's median ratio was taken out.

    means over                            median   90 % below   largest
    the drawings                            0.15      0.48        1.6
    twelve other kinds of drawing         0.2 to 0.3  0.5 to 0.8  1.6 to 5
    four of the eight, against the rest     0.2       0.7         2 to 3
    one of the eight, against the rest    0.2 to 0.5  0.8 to 1.5  3 to 33
    a picture of dead leaves only           0.5       1.7         7
"""

import numpy as np

from weights.drawings.kinds import draw

#: Leaves, cells, an animal's head, curves, leaves on a flow, bodies, a portrait, a swarm, an ornament, lights out of
#: focus, a landscape and strokes: half of them show something. With 24 or 160 kinds the figures are about the same.
KINDS = tuple(range(12))
#: Pixels a side. With 320 the figures are the same (0.14, 0.43, 1.4), but measuring takes three times as long.
SIZE = 192


def normalizing_pictures() -> list[np.ndarray]:
    """Return the drawings, each (SIZE, SIZE, 3) uint8 RGB; takes half a second."""
    return [draw(kind, 0, SIZE) for kind in KINDS]
