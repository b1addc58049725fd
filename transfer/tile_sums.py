"""One tile: what its own positions have in the sums the losses are made of, and the gradient of those sums.

The sums, in this order: Σ (F − P)² of each content layer, Fᵀ F of each style layer, and if the recipe has total
variation Σ |step|^power down and across. Added up over the tiles they are the whole picture's.
"""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from transfer.losses import step_sums
from transfer.recipe import Recipe
from transfer.tiles import Tile, stride_of
from vgg.gram import gram_sums
from vgg.layers import LAYERS, layer_named
from vgg.network import VGG19


def channels_of(network: VGG19, name: str) -> int:
    """N of the layer: its convolution's number of filters, or that of the last convolution before it."""
    before = LAYERS[: layer_named(name).index + 1]
    last = next(layer.name for layer in reversed(before) if layer.kind == "conv")
    return int(network.convolutions[last][1].shape[0])


def own_maps(network: VGG19, crop: tf.Tensor, own: tf.Tensor, names: Iterable[str]) -> dict[str, tf.Tensor]:
    """The layers' maps at the tile's own positions only: {name: (1, h, w, N)}.

    `crop` (1, H, W, 3) and `own` (4,) are what `crop_and_own` gives.
    The last position of an odd picture is smaller than a stride, so the ends are rounded up.
    """
    own_at = {}
    for name, feature_maps in network(crop, names).items():
        stride = stride_of(name)
        top, bottom, left, right = own[0] // stride, -(-own[1] // stride), own[2] // stride, -(-own[3] // stride)
        own_at[name] = feature_maps[:, top:bottom, left:right]
    return own_at


def crop_and_own(image: np.ndarray, tile: Tile) -> tuple[tf.Tensor, tf.Tensor]:
    """The tile's crop of `image` (H, W, 3), (1, h, w, 3) float32, and `Tile.own`, (4,) int32."""
    return tf.constant(image[tile.crop][None], tf.float32), tf.constant(tile.own)


class TileSums:
    """The sums of one tile as a function of its crop, and their gradient; compiled once for crops of all sizes."""

    def __init__(self, network: VGG19, recipe: Recipe) -> None:
        """Take the layers and whether there is a total variation from the recipe."""
        self.network, self.recipe = network, recipe
        self.contents = [layer for layer, _ in recipe.content_layers]
        self.styles = [layer for layer, _ in recipe.style_layers]
        self.channels = {name: channels_of(network, name) for name in (*self.contents, *self.styles)}
        crop, own = tf.TensorSpec((1, None, None, 3)), tf.TensorSpec((4,), tf.int32)
        targets = [tf.TensorSpec((1, None, None, self.channels[name])) for name in self.contents]
        slopes = [tf.TensorSpec(()) for _ in self.contents]
        slopes += [tf.TensorSpec((self.channels[name],) * 2) for name in self.styles]
        slopes += [tf.TensorSpec(())] * (2 if recipe.tv_weight else 0)
        # autograph off: the loop over layers is Python's
        self._forward = tf.function(self._sums, input_signature=[crop, own, targets], autograph=False)
        self._backward = tf.function(self._pull_back, input_signature=[crop, own, targets, slopes], autograph=False)

    def forward(self, image: np.ndarray, tile: Tile, targets: list[np.ndarray]) -> list[np.ndarray]:
        """The tile's sums, float32.

        Args:
            image: (H, W, 3) RGB in [0, 255], of which only the crop is read.
            tile: one of `transfer.tiles.tiles` for the recipe's layers.
            targets: each content layer's maps of the whole content image, (H', W', N) float32.
        """
        return [part.numpy() for part in self._forward(*self._inputs(image, tile, targets))]

    def backward(self, image: np.ndarray, tile: Tile, targets: list[np.ndarray], slopes: list[tf.Tensor]) -> np.ndarray:
        """The gradient of Σ <slope, sum> at the pixels of the tile's crop, (h, w, 3) float32; arguments as above."""
        return self._backward(*self._inputs(image, tile, targets), slopes)[0].numpy()

    def _inputs(
        self, image: np.ndarray, tile: Tile, targets: list[np.ndarray]
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        pairs = zip(self.contents, targets, strict=True)
        own_targets = [tf.constant(whole[tile.own_at(stride_of(name))][None]) for name, whole in pairs]
        return *crop_and_own(image, tile), own_targets  # a target: (1, h', w', N)

    def _sums(self, crop: tf.Tensor, own: tf.Tensor, targets: list[tf.Tensor]) -> list[tf.Tensor]:
        maps = own_maps(self.network, crop, own, (*self.contents, *self.styles))
        pairs = zip(self.contents, targets, strict=True)
        sums = [tf.reduce_sum(tf.square(tf.cast(maps[name], tf.float32) - target)) for name, target in pairs]
        sums += [gram_sums(maps[name]) for name in self.styles]
        if self.recipe.tv_weight:
            top, bottom, left, right = tf.unstack(own)
            pixels = crop[:, top : bottom + 1, left : right + 1]  # the steps into the next tile count here, not there
            down, _ = step_sums(pixels[:, :, : right - left], self.recipe.tv_loss)
            _, across = step_sums(pixels[:, : bottom - top], self.recipe.tv_loss)
            sums += [down, across]
        return sums

    def _pull_back(
        self, crop: tf.Tensor, own: tf.Tensor, targets: list[tf.Tensor], slopes: list[tf.Tensor]
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(crop)
            sums = self._sums(crop, own, targets)
        return tape.gradient(sums, crop, output_gradients=slopes)
