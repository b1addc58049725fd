"""The choices of the programs people compare with, as recipes: read in their sources, their figures in our formulas.

`torch_systems` has the programs in Torch and PyTorch, `tensorflow_systems` those in TensorFlow. The comment above each
recipe lists what its program does and the recipe does not follow. What the recipes share:

- G is divided by M here already. Where a program divides it by N·M, `gram_channels` is -1. Where a program has Eq. 4's
  1/(4N²M²) on an undivided G, ours is ¼ N^-2 (`PRINTED_STYLE`).
- All but PyTorch's tutorial use the plain network on pixels minus the mean. Their weights suit its large activations.
  On filters with mean activation 1, such as the normalised network's, the style counts for less.

What no recipe follows:

- We clip pixels to their range after each step. Only the two tutorials do so too. The other programs clip once, at the
  end, so that pixels may leave the range for a while. Of all that is not followed, this changes the picture most.
- We keep the image with the lowest loss. The programs keep the last one.
- We resample by area when a picture shrinks and bicubically when it grows; most programs are bilinear both ways. We
  round fractions of a pixel and of a level, and some programs cut them off.
"""

from transfer.recipe.choices import Recipe
from transfer.recipe.tensorflow_systems import ANISHATHALYE, COURSERA, NEURAL_STYLE_TF, TENSORFLOW_TUTORIAL
from transfer.recipe.torch_systems import LEONGATYS, NEURAL_STYLE, PYTORCH_TUTORIAL

SYSTEMS: tuple[Recipe, ...] = (
    NEURAL_STYLE,
    NEURAL_STYLE_TF,
    ANISHATHALYE,
    LEONGATYS,
    COURSERA,
    PYTORCH_TUTORIAL,
    TENSORFLOW_TUTORIAL,
)
