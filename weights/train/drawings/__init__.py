"""Pictures drawn by code, from which a network of our own is trained: no photograph, no download.

Read `canvas` (what a program is), `kinds` (chooses programs) and `many` (draws a whole training set); `palette`, `fields`,
`orientation` and `shapes` are the tools. The families: `strokes`, `flow`, `leaves`, `waves`, `cells`, `clouds`, `dots`,
`lines`, `shading`, `scenes`, `portraits`, `animals`.
"""

from weights.train.drawings.kinds import draw
from weights.train.drawings.many import draw_all

__all__ = ["draw", "draw_all"]
