"""The images on which the normalised network is measured: drawings, the same for every content and style.

The paper's authors took ImageNet's photographs. Nobody has those at hand, but drawings do as well. This was measured
with the genuine filters (those above conv3_4 at 8 bits). Their means over the drawings below were compared with those
over eighteen photographs and paintings: |log2 of the ratio|, after each layer's median ratio was taken out.

                                      conv1_1 … conv3_4          conv4_1 … conv5_4
    means over                     median  90 % below  largest  median  90 % below  largest
    the drawings                     0.18     0.52       2.1      0.41     1.4        7.8
    twelve other kinds            0.2        0.5 to 0.7  2 to 3   0.4 to 0.5  1.5    11 to 27
    half of the pictures, against
    the other half             0.15 to 0.27  0.4 to 0.8  2 to 3   0.35 to 0.45  1.2 to 1.5  7 to 28
    one of the pictures, against
    the rest                    0.2 to 0.3   0.7 to 0.9  7 to 33  0.6 to 0.9  2.2 to 5  32 to 36
"""

import numpy as np

from weights.drawings.kinds import draw

#: With 48 kinds the figures are hardly smaller: 0.15, 0.47, 1.8 and 0.4, 1.24, 5.2.
KINDS = tuple(range(12))
#: Pixels a side. With 320 the figures are the same, but measuring takes three times as long.
SIZE = 192


def normalizing_images() -> list[np.ndarray]:
    """Return the drawings, each (SIZE, SIZE, 3) uint8 RGB; takes half a second."""
    return [draw(kind, 0, SIZE) for kind in KINDS]
