"""Pictures drawn by code, from which a network of our own is trained: no photograph, no download.

Read `canvas` (what a program is, and its tools) and `kinds` (chooses programs, draws a whole training set). The
families are in `patterns`, `strokes` and `scenes`. `normalizing` has the few drawings on which the
normalised network is measured.
"""

from weights.drawings.kinds import draw, draw_all

__all__ = ["draw", "draw_all"]
