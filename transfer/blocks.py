"""One block of the network on one stripe of rows: its maps, its part of the losses' sums, and the way back.

The sums, under the names of their terms: Σ (F − P)² of each content layer, Fᵀ F of each style layer, and if the recipe
has total variation Σ |step|^power down and across, which the first block adds because it has the pixels. Each stripe
counts its own rows only, so that added up over the stripes the sums are the whole picture's.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from transfer.losses import step_sums
from transfer.recipe import Recipe
from transfer.stripes import Stripe, blocks, halo_of, stripes
from vgg.gram import gram_sums
from vgg.layers import LAYERS, Layer, layer_named
from vgg.network import VGG19

Maps = dict[str, tf.Tensor]


def channels_of(network: VGG19, name: str) -> int:
    """N of the layer: its convolution's number of filters, or that of the last convolution before it."""
    before = LAYERS[: layer_named(name).index + 1]
    last = next(layer.name for layer in reversed(before) if layer.kind == "conv")
    return int(network.convolutions[last][1].shape[0])


class Block:
    """The layers between two pools as functions of a stripe; each is compiled once for stripes of all sizes."""

    def __init__(self, network: VGG19, layers: tuple[Layer, ...], recipe: Recipe, passes_on: bool) -> None:
        """`layers` as `stripes.blocks` cuts them; `passes_on`: another block comes after this one."""
        self.network, self.layers, self.recipe = network, layers, recipe
        self.halo, self.first = halo_of(layers), layers[0].index == 0
        inside = {layer.name for layer in layers}
        self.contents = [name for name, _ in recipe.content_layers if name in inside]
        self.styles = [name for name, _ in recipe.style_layers if name in inside]
        self.passes_on = [layers[-1].name] if passes_on else []
        self.names = {*self.contents, *self.styles, *self.passes_on}
        self.dtype = tf.float32 if self.first else network.precision  # of the block's input
        self.channels = {name: channels_of(network, name) for name in self.names}

        def maps_spec(name: str) -> tf.TensorSpec:
            return tf.TensorSpec((1, None, None, self.channels[name]), network.precision)

        channels_in = 3 if self.first else network.convolutions[layers[0].name][0].shape[2]
        stripe = [tf.TensorSpec((1, None, None, channels_in), self.dtype), tf.TensorSpec((2,), tf.int32)]
        slopes = {f"content {name}": tf.TensorSpec(()) for name in self.contents}
        slopes |= {f"style {name}": tf.TensorSpec((self.channels[name],) * 2) for name in self.styles}
        if self.first and recipe.tv_weight:
            slopes |= {"steps down": tf.TensorSpec(()), "steps across": tf.TensorSpec(())}
        self.terms = list(slopes)
        targets = {name: maps_spec(name) for name in self.contents}
        arriving = [maps_spec(name) for name in self.passes_on]
        # autograph off: the loop over layers is Python's
        own_maps, pull_back = (tf.function(f, autograph=False) for f in (self._own_maps, self._pull_back))
        self.own_maps = own_maps.get_concrete_function(*stripe)
        self._compiled = pull_back.get_concrete_function(*stripe, targets, slopes, arriving)

    def inputs(self, whole: np.ndarray, stripe: Stripe) -> tuple[tf.Tensor, tf.Tensor]:
        """A stripe of the block's whole input (H, W, C): (1, h, W, C) and where its own rows are, (2,)."""
        return tf.constant(whole[stripe.computed][None], self.dtype), tf.constant(stripe.own)

    def targets(self, wholes: dict[str, np.ndarray], stripe: Stripe) -> Maps:
        """The own rows of those `wholes` (H', W', N) that belong to the block's content layers: (1, h', W', N)."""
        return {name: tf.constant(wholes[name][stripe.own_of(layer_named(name))][None]) for name in self.contents}

    def sums(self, rows: tf.Tensor, own: tf.Tensor, maps: Maps, targets: Maps) -> Maps:
        """The stripe's part of each sum, float32, under the names in `terms`.

        Args:
            rows: the stripe, (1, h, W, C).
            own: where its own rows are, (2,).
            maps: of the own rows, as `own_maps` gives them.
            targets: each content layer's maps at the same rows, (1, h', W', N).
        """
        values = {name: (tf.cast(maps[name], tf.float32), tf.cast(targets[name], tf.float32)) for name in targets}
        found = {f"content {name}": tf.reduce_sum(tf.square(f - p)) for name, (f, p) in values.items()}
        found |= {f"style {name}": gram_sums(maps[name]) for name in self.styles}
        if self.first and self.recipe.tv_weight:
            pixels = rows[:, own[0] : own[1] + 1]  # the steps into the next stripe count here, not there
            down, _ = step_sums(pixels, self.recipe.tv_loss)
            _, across = step_sums(pixels[:, : own[1] - own[0]], self.recipe.tv_loss)
            found |= {"steps down": down, "steps across": across}
        return found

    def pull_back(
        self, rows: tf.Tensor, own: tf.Tensor, targets: Maps, slopes: Maps, arriving: list[tf.Tensor]
    ) -> np.ndarray:
        """What the own rows add to the gradient at the stripe, (h, W, C): Σ <slope, sum> + <arriving, pool's output>.

        `arriving` is the gradient at what the block passes on, (1, h', W', N), or empty; the others as in `sums`.
        """
        return self._compiled(rows, own, targets, {term: slopes[term] for term in self.terms}, arriving)[0].numpy()

    def _own_maps(self, rows: tf.Tensor, own: tf.Tensor) -> Maps:
        """The maps in `names` at the own rows only: {name: (1, h', W', N)}."""
        *convolutions, last = self.layers
        before_pool = convolutions if last.kind == "pool" else self.layers
        x = self.network.centred(rows) if self.first else rows
        maps = self.network.run(x, before_pool, {*self.names, before_pool[-1].name})
        # `tf.split`, because the gradient of whole[:, own[0] : own[1]] takes longer than the convolutions
        parts = tf.stack([own[0], own[1] - own[0], tf.shape(rows)[1] - own[1]])
        maps = {name: tf.split(whole, parts, axis=1, num=3)[1] for name, whole in maps.items()}
        if last.kind == "pool":
            maps |= self.network.run(maps[before_pool[-1].name], [last], [last.name])
        return {name: maps[name] for name in self.names}

    def _pull_back(
        self, rows: tf.Tensor, own: tf.Tensor, targets: Maps, slopes: Maps, arriving: list[tf.Tensor]
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(rows)
            maps = self._own_maps(rows, own)
            results = [self.sums(rows, own, maps, targets), [maps[name] for name in self.passes_on]]
        return tape.gradient(results, rows, output_gradients=[slopes, arriving])


def blocks_of(network: VGG19, recipe: Recipe) -> list[Block]:
    """The network down to the deepest layer of the recipe."""
    found = blocks(tuple(name for name, _ in (*recipe.content_layers, *recipe.style_layers)))
    return [Block(network, layers, recipe, layers is not found[-1]) for layers in found]


def walk(chain: list[Block], inputs: list[np.ndarray], rows: int) -> Iterator[tuple[Block, Stripe, tf.Tensor, Maps]]:
    """Forward through the blocks, in stripes of `rows`: each block, stripe, the stripe's input, and its own maps.

    `inputs` starts with the picture (H, W, 3); each pool's whole output (H', W', N) is appended when it is complete.
    """
    for block in chain:
        whole = inputs[-1]
        if block.passes_on:
            (name,) = block.passes_on
            shape = -(-whole.shape[0] // 2), -(-whole.shape[1] // 2), block.channels[name]
            pooled = np.empty(shape, block.network.precision.as_numpy_dtype)
        for stripe in stripes(whole.shape[0], rows, block.halo):
            crop, own = block.inputs(whole, stripe)
            maps = block.own_maps(crop, own)
            yield block, stripe, crop, maps
            if block.passes_on:
                pooled[stripe.own_of(block.layers[-1])] = maps[name].numpy()[0]
        if block.passes_on:
            inputs.append(pooled)
