"""The same loss and gradient, bit for bit, each time: parallel programs lose that where several gradients add up."""

from dataclasses import replace

import numpy as np

from transfer.objective.whole import Objective
from transfer.recipe.ours import DEFAULT
from vgg.matfile.read import Conv
from vgg.network import VGG19


def test_every_evaluation_gives_the_same_bits(weights):
    """relu1_1 gets gradients from content, style and the layer above; added in another order they differ in a bit.

    64 channels of a large picture, because TensorFlow rewrites sums of large gradients only: while it was allowed to,
    these 12 evaluations gave several different gradients.
    """
    wide = np.random.default_rng(1).normal(0, 0.2, (3, 3, 3, 64)).astype(np.float32)
    narrow = np.random.default_rng(2).normal(0, 0.1, (3, 3, 64, 5)).astype(np.float32)
    weights.convolutions["conv1_1"] = Conv(wide, np.zeros(64, np.float32))
    weights.convolutions["conv1_2"] = Conv(narrow, np.zeros(5, np.float32))
    picture = np.random.default_rng(3).integers(0, 256, (384, 512, 3), dtype=np.uint8)
    layers = (("relu1_1", 0.5), ("relu1_2", 0.5))
    recipe = replace(DEFAULT, content_layers=layers, style_layers=layers)
    objective = Objective(VGG19(weights, "avg"), picture, picture[::2, ::2], recipe)
    evaluations = [objective(255 - picture.astype(np.float32)) for _ in range(12)]
    assert len({(losses, gradient.tobytes()) for losses, gradient in evaluations}) == 1
