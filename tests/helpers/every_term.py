"""A recipe with every term, so that a test with it misses none; and others whose layers lie elsewhere in the blocks."""

from dataclasses import replace

from transfer.recipes import DEFAULT, GATYS2016, LossScale, Variation

#: Every term, several layers with unequal weights, one layer for both, every exponent of the normalisation.
EVERYTHING = replace(
    DEFAULT,
    content_layers=(("relu2_2", 0.3), ("conv4_2", 1.7), ("relu3_1", 0.5)),
    style_layers=(("relu1_1", 0.5), ("relu3_1", 2.0), ("pool3", 0.25), ("relu5_1", 1.0)),
    content_loss=LossScale(0.7, -1, -0.5, -0.25, -0.4),
    style_loss=LossScale(1.3, -2, 0.5, -0.5, -0.3),
    content_weight=0.9,
    style_weight=0.02,
    gram_channels=-0.5,
    tv_weight=1e-3,
    tv_loss=Variation(power=1.5, count=-0.75, factor=1.1),
)

SHALLOW = replace(
    EVERYTHING,
    content_layers=(("relu1_2", 0.3), ("conv2_1", 1.0)),
    style_layers=(("conv1_1", 0.5), ("pool2", 2.0), ("relu2_2", 1.0)),
    tv_loss=Variation(power=2.5, count=-0.5, factor=0.3, last_row_and_column=False),
)
RECIPES = {
    "everything": EVERYTHING,
    "shallow": SHALLOW,
    "default": DEFAULT,
    "pools": replace(EVERYTHING, content_layers=(("pool4", 1.0),), style_layers=(("pool1", 1.0), ("pool4", 1.0))),
    "deep": replace(EVERYTHING, content_layers=(("conv5_4", 1.0),), style_layers=(("relu5_1", 1.0), ("conv5_4", 2.0))),
    "pool5": replace(EVERYTHING, content_layers=(("pool5", 1.0),), style_layers=(("pool5", 1.0), ("relu1_1", 1.0))),
    "content only": replace(DEFAULT, style_layers=(), tv_weight=0.0),
    "style only": replace(GATYS2016, content_layers=()),
    "odd sides down": replace(EVERYTHING, odd_sides="down"),
}
