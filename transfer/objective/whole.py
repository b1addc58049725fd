"""What is minimised: the total loss of Eq. 7 and its gradient as a function of the generated image."""

from functools import cached_property

import numpy as np
import tensorflow as tf

from transfer.losses import Losses, gram_matrix, total_loss
from transfer.recipe.choices import Recipe
from vgg.network import VGG19


class Objective:
    """The total loss and its gradient as a function of the generated image."""

    def __init__(self, network: VGG19, content_image: np.ndarray, style_image: np.ndarray, recipe: Recipe) -> None:
        """Images are (H, W, 3) RGB in [0, 255], of any sizes; the generated image has the content image's."""
        self.network, self.recipe = network, recipe
        self._content_image, self._style_image = content_image, style_image
        content_names = [layer for layer, _ in recipe.content_layers]
        style_names = [layer for layer, _ in recipe.style_layers]
        self.names = (*content_names, *style_names)
        self.terms = (*(f"content {name}" for name in content_names), *(f"style {name}" for name in style_names))
        self._compiled = tf.function(self._evaluate, autograph=False)  # the loop over layers is Python's

    @cached_property
    def targets(self) -> dict[tuple[str, str], tf.Tensor]:
        """What the loss compares with, computed once, and not before the first evaluation: drafts may come first."""
        recipe, targets = self.recipe, {}
        if recipe.content_layers:
            names = [layer for layer, _ in recipe.content_layers]
            maps = self.network(tf.constant(self._content_image[None], tf.float32), names)
            targets |= {("content", layer): maps[layer] for layer in names}
        if recipe.style_layers:
            names = [layer for layer, _ in recipe.style_layers]
            maps = self.network(tf.constant(self._style_image[None], tf.float32), names)
            targets |= {("style", layer): gram_matrix(maps[layer], recipe.gram_channels) for layer in names}
        return targets

    def _evaluate(self, image: tf.Tensor) -> tuple[Losses, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            losses = total_loss(self.network(image, self.names), self.targets, image, self.recipe)
        return losses, tape.gradient(losses.total, image)

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Losses, as floats, and gradient (H, W, 3) at `image` (H, W, 3)."""
        _ = self.targets  # now, because what is computed while TensorFlow traces becomes part of every evaluation
        losses, gradient = self._compiled(tf.constant(image[None], tf.float32))
        *terms, layers = losses
        return Losses(*map(float, terms), tuple(map(float, layers))), gradient[0].numpy()

    def release(self) -> None:
        """Nothing: that is for `StripedObjective`; where the whole picture fits, a draft's targets fit too."""
