"""The total loss and its gradient tile by tile, exactly: a picture of any size in the memory of one tile.

The style loss needs of the feature maps only the sums Fᵀ F over all positions, the content loss only Σ (F − P)², and
the total variation only Σ |step|^power (`transfer.tile_sums`). So

1. forward through each tile, and add up what its own positions have in these sums;
2. from the sums the losses, and the *slopes*: the derivative of the total loss with respect to each sum;
3. forward and backward through each tile, with the slopes as what arrives from behind: the gradient at its crop's
   pixels, which is added to the picture's.

Nothing is left out: it is the chain rule, with the sums as the step between. The price is one more forward pass, and
the halos (`transfer.tiles`) computed twice.

Many machines could each own tiles; the seam is `tile_sums` | `losses_and_slopes` | `tile_gradient`. In each step a
machine sends its sums and gets the slopes: Σ_l N_l² numbers of 4 bytes either way, and a few scalars for the content.
For the paper's five style layers that is 4.9 MB, whatever the picture's size. Crops overlap, so neighbours also send
each other the halos' pixels before a step and the gradient there after it.
"""

from math import prod

import numpy as np
import tensorflow as tf

from transfer.losses import Losses, normalized, style_layer_loss, variation_of_sums
from transfer.recipe import Recipe
from transfer.tile_sums import TileSums
from transfer.tile_targets import added, content_maps, maps_shape, style_grams
from transfer.tiles import Tile, tiles
from vgg.gram import gram_of_sums
from vgg.network import VGG19


class TiledObjective:
    """What `transfer.train.Objective` computes, to the rounding of float32, in memory that grows with the tile.

    What grows with the picture is the image, its gradient and the content layers' target maps, float32: `relu4_2` has
    512 · 4 bytes for each 8×8 pixels, 0.54 GB at 4096²; `relu1_1` would have 4.3 GB.
    """

    def __init__(
        self, network: VGG19, content_image: np.ndarray, style_image: np.ndarray, recipe: Recipe, side: int
    ) -> None:
        """Images are (H, W, 3) RGB in [0, 255], of any sizes; tiles have about `side` × `side` pixels and their halos.

        Raises:
            InputError: `side` is not a positive multiple of 16 (of 32 if the recipe asks for pool5).
        """
        self.network, self.recipe = network, recipe
        self.parts = TileSums(network, recipe)
        self.names = (*self.parts.contents, *self.parts.styles)
        self.terms = (
            *(f"content {name}" for name in self.parts.contents),
            *(f"style {name}" for name in self.parts.styles),
        )
        self.shape = content_image.shape
        self.tiles = tiles(*self.shape[:2], side, self.names)
        self._positions = {name: prod(maps_shape(*self.shape[:2], name)) for name in self.names}
        contents = content_maps(network, content_image, tuple(self.parts.contents), side)
        self._contents = [contents[name] for name in self.parts.contents]
        self._grams = style_grams(network, style_image, tuple(self.parts.styles), side, recipe.gram_channels)
        # Row by row, because one float32 sum over all of a large map would lose digits.
        self._energies = [sum(float(np.vdot(row, row)) for row in maps) for maps in self._contents]

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Losses, as floats, and gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        sums = added(self.tile_sums(image, tile) for tile in self.tiles)
        losses, slopes = self.losses_and_slopes(sums)
        gradient = np.zeros(self.shape, np.float32)
        for tile in self.tiles:
            gradient[tile.crop] += self.tile_gradient(image, tile, slopes)
        return losses, gradient

    def tile_sums(self, image: np.ndarray, tile: Tile) -> list[np.ndarray]:
        """What one tile has in each sum; of `image` (H, W, 3) only the tile's crop is read."""
        return self.parts.forward(image, tile, self._contents)

    def losses_and_slopes(self, sums: list[np.ndarray]) -> tuple[Losses, list[tf.Tensor]]:
        """The losses, as floats, and the total's derivative with respect to each of the sums over all tiles."""
        tensors = [tf.constant(total, tf.float32) for total in sums]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            losses = self._losses(tensors)
        *terms, layers = losses
        return Losses(*map(float, terms), tuple(map(float, layers))), tape.gradient(losses.total, tensors)

    def tile_gradient(self, image: np.ndarray, tile: Tile, slopes: list[tf.Tensor]) -> np.ndarray:
        """What one tile adds to the gradient at the pixels of its crop, (h, w, 3)."""
        return self.parts.backward(image, tile, self._contents, slopes)

    def _losses(self, sums: list[tf.Tensor]) -> Losses:
        """`losses.total_loss`, from the sums."""
        recipe, contents, styles = self.recipe, [], []
        for (name, weight), difference, energy in zip(recipe.content_layers, sums, self._energies, strict=False):
            channels, positions = self.parts.channels[name], self._positions[name]
            loss = normalized(difference, energy, channels, positions, recipe.content_loss)
            contents.append(recipe.content_weight * weight * loss)
        for (name, weight), total in zip(recipe.style_layers, sums[len(contents) :], strict=False):
            gram = gram_of_sums(total, self._positions[name], recipe.gram_channels)
            loss = style_layer_loss(gram, self._grams[name], self._positions[name], recipe.style_loss)
            styles.append(recipe.style_weight * weight * loss)
        zero = tf.constant(0.0)
        content, style, tv = sum(contents, zero), sum(styles, zero), zero
        if recipe.tv_weight:
            tv = recipe.tv_weight * variation_of_sums(tuple(sums[-2:]), *self.shape[:2], recipe.tv_loss)
        return Losses(content, style, tv, content + style + tv, (*contents, *styles))
