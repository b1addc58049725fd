"""A recipe with every term, so that a test with it misses none."""

from dataclasses import replace

from transfer.recipe.choices import Normalization, Variation
from transfer.recipe.ours import DEFAULT

#: Every term, several layers with unequal weights, one layer for both, every exponent of the normalisation.
EVERYTHING = replace(
    DEFAULT,
    content_layers=(("relu2_2", 0.3), ("conv4_2", 1.7), ("relu3_1", 0.5)),
    style_layers=(("relu1_1", 0.5), ("relu3_1", 2.0), ("pool3", 0.25), ("relu5_1", 1.0)),
    content_loss=Normalization(0.7, -1, -0.5, -0.25, -0.4),
    style_loss=Normalization(1.3, -2, 0.5, -0.5, -0.3),
    content_weight=0.9,
    style_weight=0.02,
    gram_channels=-0.5,
    tv_weight=1e-3,
    tv_loss=Variation(power=1.5, count=-0.75, factor=1.1),
)
