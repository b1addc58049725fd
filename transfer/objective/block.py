"""One block of the network on one stripe of rows: its maps, its part of the losses' sums, and the way back.

The sums, under the names of their terms: Σ (F − P)² of each content layer, Fᵀ F of each style layer, and if the recipe
has total variation Σ |step|^power down and across, which the first block adds because it has the pixels. Each stripe
counts its own rows only, so that added up over the stripes the sums are the whole picture's.

On the way back everything is computed again but what takes longest, the convolution before an average pool: its values
are not needed for any derivative, if only it is remembered where they were positive, a bit for each (`signs`).
"""

import numpy as np
import tensorflow as tf

from transfer.losses import step_sums
from transfer.objective.geometry import Stripe, halo_of
from transfer.recipe.choices import Recipe
from vgg.layers import Layer, layer_named
from vgg.network import VGG19, pool
from vgg.statistics import gram_sums

Maps = dict[str, tf.Tensor]
Perhaps = list[tf.Tensor]  # one or none


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
        # A maximum, and a layer of the loss, do need the values.
        needed = {layer.name for layer in layers[-3:]} & {*self.contents, *self.styles}
        self.keeps_signs = passes_on and network.pooling == "avg" and not needed
        self.dtype = tf.float32 if self.first else network.precision  # of the block's input
        self.channels: dict[str, int] = {}
        for layer in layers:  # a ReLU and a pool have as many as the convolution before
            if layer.kind == "conv":
                channels = network.convolutions[layer.name][1].shape[0]
            self.channels[layer.name] = channels

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
        signs = [tf.TensorSpec(spec.shape, tf.bool) for spec in arriving if self.keeps_signs]
        # autograph off: the loop over layers is Python's
        own_maps, pull_back = (tf.function(f, autograph=False) for f in (self._own_maps, self._pull_back))
        self.own_maps = own_maps.get_concrete_function(*stripe)
        self._compiled = pull_back.get_concrete_function(*stripe, targets, slopes, arriving, signs)

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
        self, rows: tf.Tensor, own: tf.Tensor, targets: Maps, slopes: Maps, arriving: Perhaps, signs: Perhaps
    ) -> np.ndarray:
        """What the own rows add to the gradient at the stripe, (h, W, C): Σ <slope, sum> + <arriving, pool's output>.

        `arriving` has the gradient at what the block passes on, (1, h', W', N), and `signs` those that `own_maps` gave;
        each is empty if there is none. The others are as in `sums`.
        """
        of_block = {term: slopes[term] for term in self.terms}
        return self._compiled(rows, own, targets, of_block, arriving, signs)[0].numpy()

    def _own_maps(self, rows: tf.Tensor, own: tf.Tensor) -> Maps:
        """The maps in `names` at the own rows only, {name: (1, h', W', N)}, and perhaps "signs", as bool."""
        *before_pool, last = self.layers
        if last.kind != "pool":
            return self._own(self._run(rows, self.layers), own)
        maps = self._own(self._run(rows, before_pool), own)
        values = maps[before_pool[-1].name]
        maps |= self.network.run(values, [last], [last.name])
        return maps | {"signs": values > 0} if self.keeps_signs else maps

    def _run(self, rows: tf.Tensor, layers: tuple[Layer, ...]) -> Maps:
        """The maps in `names` and those of the last of `layers`, the first of the block, at all rows."""
        x = self.network.centred(rows) if self.first else rows
        return self.network.run(x, layers, {*self.names, layers[-1].name})

    def _own(self, maps: Maps, own: tf.Tensor) -> Maps:
        """The own rows of maps before the pool."""
        # `tf.split`, because the gradient of whole[:, own[0] : own[1]] takes longer than a convolution
        parts = tf.stack([own[0], own[1] - own[0], -1])
        return {name: tf.split(whole, parts, axis=1, num=3)[1] for name, whole in maps.items()}

    def _pull_back(
        self, rows: tf.Tensor, own: tf.Tensor, targets: Maps, slopes: Maps, arriving: Perhaps, signs: Perhaps
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(rows)
            if signs:
                maps = self._run(rows, self.layers[:-2])
                passed_on = [maps.pop(self.layers[-3].name)]  # TensorFlow leaves out what no derivative needs
                maps = self._own(maps, own)
            else:
                maps = self._own_maps(rows, own)
                passed_on = [maps[name] for name in self.passes_on]
            results = [self.sums(rows, own, maps, targets), passed_on]
        if signs:
            outside = [[0, 0], [own[0], tf.shape(rows)[1] - own[1]], [0, 0], [0, 0]]
            arriving = [tf.pad(self._before_relu(*arriving, *signs), outside)]
        return tape.gradient(results, rows, output_gradients=[slopes, arriving])

    def _before_relu(self, arriving: tf.Tensor, signs: tf.Tensor) -> tf.Tensor:
        """The gradient at the last convolution's own rows from that at the average pool's output."""
        values = tf.zeros(tf.shape(signs), self.network.precision)  # any: the average is linear
        with tf.GradientTape() as tape:
            tape.watch(values)
            pooled = pool(values, "avg")
        return tape.gradient(pooled, values, output_gradients=arriving) * tf.cast(signs, values.dtype)
