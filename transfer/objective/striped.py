"""The total loss and its gradient stripe by stripe, exactly: a picture of any size without all of its maps.

The style loss needs of the feature maps only the sums Fᵀ F over all positions, the content loss only Σ (F − P)², and
the total variation only Σ |step|^power. So it is enough to keep what the pools put out, a twentieth of all maps:

1. forward, block by block from pool to pool, each in stripes of rows: write the pool's output, add up the sums;
2. from the sums the losses, and the *slopes*: the derivative of the total loss with respect to each sum;
3. backward, from the deepest block to the first: compute each stripe again, now for its gradient, with the slopes and
   the gradient at the pool's output as what arrives from behind.

Nothing is left out: it is the chain rule, with the sums and the pools as the steps between. The price is most of one
more forward pass (`transfer.objective.block`), and the few rows of halo (`transfer.objective.geometry`) computed twice.

Many machines could each own some rows of everything. In each step all add up their sums, an all-reduce of Σ_l N_l²
numbers of 4 bytes: 2.4 MB sent and as much received for the paper's five style layers, whatever the picture's size; the
slopes each then computes by itself. Neighbours send each other their halos: of each block's input as many rows as the
block has convolutions on the way forward, and the gradient there on the way back. In float32 at 4096 pixels across that
is 0.1 + 1.0 + 2.1 + 2.1 + 0.5 = 5.9 MB down to relu5_1, for each border, in each direction, each way. Both are what
NCCL, MPI and Gloo do: the all-reduce under `tf.distribute` or Horovod, the halos by send and receive; Mesh TensorFlow
has both.
"""

from functools import cached_property
from math import prod

import numpy as np
import tensorflow as tf

from transfer.losses import Losses, normalized, style_layer_loss, variation_of_sums
from transfer.objective.block import Block
from transfer.objective.geometry import Stripe, maps_shape, stripes
from transfer.objective.striped_targets import Targets, targets_of
from transfer.objective.walk import blocks_of, walk
from transfer.recipe.choices import Recipe
from vgg.network import VGG19
from vgg.statistics import gram_of_sums

Signs = dict[tuple[Block, Stripe], np.ndarray]  # bits of `Block.own_maps`' "signs"


class StripedObjective:
    """What `transfer.train.Objective` computes, to the rounding of the network's precision, in far less memory.

    What grows with the picture is the image, its gradient, the pools' outputs and the content layers' target maps. In
    float32 at 4096² the pools have 2.0 GB, `relu4_2` has 0.54 GB; `relu1_1` would have 4.3 GB.
    """

    def __init__(
        self, network: VGG19, content_image: np.ndarray, style_image: np.ndarray, recipe: Recipe, rows: int
    ) -> None:
        """Images are (H, W, 3) RGB in [0, 255], of any sizes; a stripe has at most `rows` rows of a block's input.

        Raises:
            InputError: `rows` is not a positive even number.
        """
        self.network, self.recipe, self.rows = network, recipe, rows
        self.contents = [layer for layer, _ in recipe.content_layers]
        self.styles = [layer for layer, _ in recipe.style_layers]
        self.names = (*self.contents, *self.styles)
        self.terms = (*(f"content {name}" for name in self.contents), *(f"style {name}" for name in self.styles))
        self.shape = content_image.shape
        self.blocks = blocks_of(network, recipe)
        self._positions = {name: prod(maps_shape(*self.shape[:2], name)) for name in self.names}
        self._images = content_image, style_image

    @cached_property
    def targets(self) -> Targets:
        """What the loss compares with, computed once, and not before the first evaluation: drafts may come first."""
        return targets_of(self.blocks, *self._images, self.rows, self.recipe.gram_channels)

    def release(self) -> None:
        """Give back the memory of what was computed once; another evaluation would compute it again."""
        self.__dict__.pop("targets", None)

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Losses, as floats, and gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        inputs = [np.asarray(image, np.float32)]
        signs: Signs = {}
        losses, slopes = self.losses_and_slopes(self._sums(inputs, signs))
        gradient = None
        for block in reversed(self.blocks):
            gradient = self._gradient(block, inputs.pop(), signs, slopes, gradient)
        return losses, gradient

    def _sums(self, inputs: list[np.ndarray], signs: Signs) -> dict[str, np.ndarray]:
        """All sums of the picture in `inputs`, where `walk` adds the pools' outputs; float64, so no digit is lost."""
        totals: dict[str, np.ndarray] = {}
        for block, stripe, crop, maps in walk(self.blocks, inputs, self.rows):
            for term, part in block.sums(crop, stripe.own, maps, block.targets(self.targets.contents, stripe)).items():
                totals[term] = totals.get(term, 0) + np.asarray(part, np.float64)
            if block.keeps_signs:
                signs[block, stripe] = np.packbits(maps["signs"].numpy())
        return totals

    def _gradient(
        self,
        block: Block,
        whole: np.ndarray,
        signs: Signs,
        slopes: dict[str, tf.Tensor],
        behind: np.ndarray | None,
    ) -> np.ndarray:
        """The gradient at a block's input `whole` (H, W, C) from `behind`, that at its output; None for the last block.

        It takes the place of `whole`, except for the picture, because rows above the next stripe are not needed again.
        """
        gradient = np.empty_like(whole) if block.first else whole
        of_block = stripes(len(whole), self.rows, block.halo)
        shared = np.zeros((0, *whole.shape[1:]), whole.dtype)  # rows the stripe before has added to as well
        for i, stripe in enumerate(of_block):
            arriving = [] if behind is None else [tf.constant(behind[stripe.own_of(block.layers[-1])][None])]
            targets = block.targets(self.targets.contents, stripe)
            positive = []
            if block.keeps_signs:
                shape = (1, stripe.own_stop - stripe.own_start, whole.shape[1], behind.shape[2])
                bits = np.unpackbits(signs.pop((block, stripe)), count=prod(shape))
                positive = [tf.constant(bits.view(bool).reshape(shape))]
            part = block.pull_back(*block.inputs(whole, stripe), targets, slopes, arriving, positive)
            part[: len(shared)] += shared
            finished = of_block[i + 1].start if i + 1 < len(of_block) else stripe.stop
            gradient[stripe.start : finished] = part[: finished - stripe.start]
            shared = part[finished - stripe.start :]
        return gradient

    def losses_and_slopes(self, sums: dict[str, np.ndarray]) -> tuple[Losses, dict[str, tf.Tensor]]:
        """The losses, as floats, and the total's derivative with respect to each of the sums over all stripes."""
        tensors = {term: tf.constant(total, tf.float32) for term, total in sums.items()}
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            losses = self._losses(tensors)
        *terms, layers = losses
        return Losses(*map(float, terms), tuple(map(float, layers))), tape.gradient(losses.total, tensors)

    def _losses(self, sums: dict[str, tf.Tensor]) -> Losses:
        """`losses.total_loss`, from the sums."""
        recipe, contents, styles = self.recipe, [], []
        for name, weight in recipe.content_layers:
            channels, positions = self.targets.contents[name].shape[-1], self._positions[name]
            difference, energy = sums[f"content {name}"], self.targets.energies[name]
            loss = normalized(difference, energy, channels, positions, recipe.content_loss)
            contents.append(recipe.content_weight * weight * loss)
        for name, weight in recipe.style_layers:
            gram = gram_of_sums(sums[f"style {name}"], self._positions[name], recipe.gram_channels)
            loss = style_layer_loss(gram, self.targets.grams[name], self._positions[name], recipe.style_loss)
            styles.append(recipe.style_weight * weight * loss)
        zero = tf.constant(0.0)
        content, style, tv = sum(contents, zero), sum(styles, zero), zero
        if recipe.tv_weight:
            steps = sums["steps down"], sums["steps across"]
            tv = recipe.tv_weight * variation_of_sums(steps, *self.shape[:2], recipe.tv_loss)
        return Losses(content, style, tv, content + style + tv, (*contents, *styles))
