"""One block of the network on one stripe of rows: its maps, its part of each term's statistic, and its gradient.

Each stripe counts its core rows only, so the statistics of all stripes add up to those of the whole image. The first
block also has the pixels, for the terms that look at them. Each function is compiled once for stripes of all heights.

On the way back the stripe is computed again, except for what takes longest: the convolution before an average pool. No
derivative needs its values, only where they were positive. This *relu mask* is kept, one bit for each value.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from transfer.losses import PIXELS, Pixels, Statistic, Term
from transfer.striped.geometry import Stripe, halo_of
from transfer.targets import Targets
from vgg.layers import Layer, layer_named
from vgg.network import VGG19, pool


class Compiled:
    """A function of tensors, compiled when it is first called; arrays (1, H, W, N) may have another H and W each time.

    A plain `tf.function` would be compiled again for every new height of a stripe.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Take the `function`; its arguments may be dicts and tuples of tensors, and None."""
        self._function = tf.function(function, autograph=False)  # its loops are Python's
        self._concrete: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401  (whatever the function takes and gives)
        """Call the function with arguments of the same structure as the first time."""
        if self._concrete is None:
            self._concrete = self._function.get_concrete_function(*tf.nest.map_structure(_specification, arguments))
        return self._concrete(*arguments)


def _specification(argument: tf.Tensor | None) -> tf.TensorSpec | None:
    if argument is None:
        return None
    images = len(argument.shape) == 4
    return tf.TensorSpec((1, None, None, argument.shape[3]) if images else argument.shape, argument.dtype)


Maps = dict[str, tf.Tensor]
RELU_MASK = "relu mask"  # its key among the maps


class Block:
    """The layers between two pools as functions of a stripe: `core_maps` and `vjp` are compiled, once for all sizes."""

    def __init__(self, network: VGG19, layers: tuple[Layer, ...], terms: Sequence[Term], feeds_next: bool) -> None:
        """Take `layers` as `vgg.layers.blocks` cuts them; `feeds_next`: another block comes after this one."""
        self.network, self.layers, self.feeds_next = network, layers, feeds_next
        self.halo, self.first, self.last = halo_of(layers), layers[0].index == 0, layers[-1]
        inside = {layer.name for layer in layers} | ({PIXELS} if self.first else set())
        self.terms = [term for term in terms if term.layer in inside]
        self.names = {term.layer for term in self.terms} - {PIXELS}
        # A maximum pool and a term of the loss need the values, not only where they were positive.
        needed = {layer.name for layer in layers[-3:]} & self.names
        self.keeps_mask = feeds_next and network.pooling == "avg" and not needed
        self.dtype = tf.float32 if self.first else network.precision  # of the block's input
        self.core_maps, self.vjp = Compiled(self._core_maps), Compiled(self._vjp)

    def inputs(self, whole: np.ndarray, stripe: Stripe) -> tuple[tf.Tensor, tf.Tensor]:
        """Cut a stripe out of the block's whole input (H, W, C): (1, h, W, C), and where its core rows are, (2,)."""
        return tf.constant(whole[stripe.computed][None], self.dtype), tf.constant(stripe.core)

    def targets(self, targets: Targets, stripe: Stripe) -> Targets:
        """Return the targets of the block's terms at the core rows."""
        cut: Targets = {}
        for term in self.terms:
            rows = slice(stripe.core_start, stripe.core_stop)
            if term.layer != PIXELS:
                rows = stripe.core_of(layer_named(term.layer), self.network.odd_sides)
            target = targets[term.name]
            cut[term.name] = target if target.maps is None else target._replace(maps=tf.constant(target.maps[:, rows]))
        return cut

    def statistics(self, rows: tf.Tensor, core: tf.Tensor, maps: Maps, targets: Targets) -> dict[str, Statistic]:
        """Return the stripe's part of each term's statistic, by the term's name.

        The arguments are what `inputs`, `core_maps` and `targets` give for the stripe.
        """
        values = dict(maps)
        if self.first:
            # The steps from the last core row into the next stripe count here, not there.
            values[PIXELS] = Pixels(rows[:, core[0] : core[1]], rows[:, core[1] : core[1] + 1])
        return {term.name: term.statistic(values[term.layer], targets[term.name]) for term in self.terms}

    def _core_maps(self, rows: tf.Tensor, core: tf.Tensor) -> Maps:
        """Return maps at the core rows, (1, h', W', N): of `names`, the last layer, and the relu mask if it is kept."""
        *before_pool, last = self.layers
        if last.kind != "pool":
            return self._core(self._run(rows, self.layers), core)
        maps = self._core(self._run(rows, before_pool), core)
        values = maps[before_pool[-1].name]
        maps |= self.network.run(values, [last], [last.name])
        return maps | {RELU_MASK: values > 0} if self.keeps_mask else maps

    def _run(self, rows: tf.Tensor, layers: Sequence[Layer]) -> Maps:
        """Return the maps in `names` and those of the last of `layers`, the first of the block, at all rows."""
        x = self.network.centred(rows) if self.first else rows
        return self.network.run(x, layers, {*self.names, layers[-1].name})

    def _core(self, maps: Maps, core: tf.Tensor) -> Maps:
        """Return the core rows of maps before the pool."""
        # `tf.split`, because the gradient of whole[:, core[0] : core[1]] takes longer than a convolution
        parts = tf.stack([core[0], core[1] - core[0], -1])
        return {name: tf.split(whole, parts, axis=1, num=3)[1] for name, whole in maps.items()}

    def _vjp(
        self,
        rows: tf.Tensor,
        core: tf.Tensor,
        targets: Targets,
        statistic_gradients: dict[str, Statistic],
        upstream: tf.Tensor | None,
        relu_mask: tf.Tensor | None,
    ) -> tf.Tensor:
        """Return what the core rows add to the gradient at the stripe, (h, W, C): a vector-Jacobian product.

        Args:
            rows: as in `statistics`, and so are `core` and `targets`.
            core: see there.
            targets: see there.
            statistic_gradients: the derivative of the total loss with respect to the statistic of each of `terms`.
            upstream: the gradient at the last pool's output, (1, h', W', N); None for the last block.
            relu_mask: as `core_maps` gave it, if it did.
        """
        with tf.GradientTape() as tape:
            tape.watch(rows)
            if relu_mask is not None:
                maps = self._run(rows, self.layers[:-2])
                output = maps.pop(self.layers[-3].name)  # TensorFlow leaves out what no derivative needs
                maps = self._core(maps, core)
            else:
                maps = self._core_maps(rows, core)
                output = maps[self.last.name]
            results = [self.statistics(rows, core, maps, targets)]
        gradients = [statistic_gradients]
        if relu_mask is not None:
            outside = [[0, 0], [core[0], tf.shape(rows)[1] - core[1]], [0, 0], [0, 0]]
            upstream = tf.pad(self._before_relu(upstream, relu_mask), outside)
        if upstream is not None:
            results, gradients = [*results, output], [*gradients, upstream]
        return tape.gradient(results, rows, output_gradients=gradients)[0]

    def _before_relu(self, upstream: tf.Tensor, relu_mask: tf.Tensor) -> tf.Tensor:
        """Return the gradient at the last convolution's core rows from that at the average pool's output."""
        values = tf.zeros(tf.shape(relu_mask), self.network.precision)  # any: the average is linear
        with tf.GradientTape() as tape:
            tape.watch(values)
            pooled = pool(values, "avg", self.network.odd_sides)
        return tape.gradient(pooled, values, output_gradients=upstream) * tf.cast(relu_mask, values.dtype)
