"""Pictures drawn by code, from which a network of our own is trained: no photograph, no download.

Read `canvas` (what a program is), `kinds` (chooses programs) and `many` (draws a whole training set). The tools are
`palette`, `fields`, `orientation` and `shapes`. The families of textures are in `strokes`, `flow`, `leaves`, `waves`,
`cells`, `clouds` and `dots`; those that show something in `scenes`, `portraits`, `animals`, `swarms` and `shading`;
`lines` and `strokes` draw and paint these.
"""

from weights.train.drawings.kinds import draw
from weights.train.drawings.many import draw_all

__all__ = ["draw", "draw_all"]
