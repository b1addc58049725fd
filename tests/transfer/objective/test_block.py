"""One block by itself: its statistics and its gradient in one stripe and in many, with a relu mask and without."""

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import ContentTerm, Target
from transfer.recipes import LossScale
from transfer.striped.block import RELU_MASK, Block
from transfer.striped.geometry import Stripe, stripes
from vgg.layers import blocks, layer_named
from vgg.network import VGG19

HEIGHT, WIDTH, CHANNELS_IN = 21, 13, 5


def block_of(weights, layer: str, pooling: str = "avg", odd_sides: str = "up", feeds_next: bool = True) -> Block:
    """Block 2, with a content term at `layer`."""
    term = ContentTerm(layer, LossScale(), 4, 1)
    return Block(VGG19(weights, pooling, odd_sides=odd_sides), blocks(("pool2",))[1], [term], feeds_next)


@pytest.mark.parametrize(
    ("layer", "pooling", "feeds_next", "kept"),
    [
        ("relu2_1", "avg", True, True),
        ("relu2_1", "max", True, False),  # a maximum pool needs the values
        ("relu2_2", "avg", True, False),  # and so does a term
        ("conv2_2", "avg", True, False),
        ("pool2", "avg", True, False),
        ("relu2_1", "avg", False, False),  # nothing comes after
        ("relu4_2", "avg", True, True),  # another block's
    ],
)
def test_when_a_mask_is_kept(weights, layer, pooling, feeds_next, kept):
    assert block_of(weights, layer, pooling, feeds_next=feeds_next).keeps_mask == kept


@pytest.mark.parametrize("odd_sides", ["up", "down"])
@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("layer", ["conv2_1", "relu2_1", "relu2_2", "pool2"])
def test_gradient_of_stripes_adds_up_to_that_of_the_block(weights, layer, pooling, odd_sides):
    """With TensorFlow's gradient of the block in one go, of 3 Σ (F − P)² and any upstream gradient."""
    rng = np.random.default_rng(1)
    block = block_of(weights, layer, pooling, odd_sides)
    channels = weights.convolutions["conv1_2"].bias.size
    whole = rng.normal(0, 2, (HEIGHT, WIDTH, channels)).astype(np.float32)
    values = tf.constant(whole[None])
    with tf.GradientTape() as tape:
        tape.watch(values)
        maps = block.network.run(values, block.layers, [layer, "pool2"])
        target = rng.normal(size=maps[layer].shape).astype(np.float32)
        upstream = rng.normal(size=maps["pool2"].shape).astype(np.float32)
        difference = tf.reduce_sum((maps[layer] - target) ** 2)
        total = 3 * difference + tf.reduce_sum(maps["pool2"] * upstream)
    expected = tape.gradient(total, values)[0]

    targets, name = {block.terms[0].name: Target(target)}, block.terms[0].name
    found, statistic = np.zeros_like(whole), 0.0
    for stripe in stripes(HEIGHT, 4, block.halo):
        inputs, at_core = block.inputs(whole, stripe), block.targets(targets, stripe)
        maps = block.core_maps(*inputs)
        statistic += float(block.statistics(*inputs, maps, at_core)[name])
        above = tf.constant(upstream[:, stripe.core_of(layer_named("pool2"), odd_sides)])
        mask = maps.get(RELU_MASK)
        assert (mask is not None) == (pooling == "avg" and layer in ("conv2_1", "relu2_1"))
        found[stripe.computed] += block.vjp(*inputs, at_core, {name: tf.constant(3.0)}, above, mask).numpy()
    assert statistic == pytest.approx(float(difference), rel=1e-5)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_a_stripe_is_cut_with_its_halo_and_its_target_without(weights):
    block, stripe = block_of(weights, "pool2"), Stripe(6, 14, 8, 12)
    whole = np.arange(HEIGHT * WIDTH * CHANNELS_IN, dtype=np.float32).reshape(HEIGHT, WIDTH, CHANNELS_IN)
    rows, core = block.inputs(whole, stripe)
    np.testing.assert_array_equal(rows[0], whole[6:14])
    np.testing.assert_array_equal(core, [2, 6])
    target = Target(np.arange(11.0, dtype=np.float32).reshape(1, 11, 1, 1), tf.constant(7.0))
    cut = block.targets({"content pool2": target}, stripe)["content pool2"]
    np.testing.assert_array_equal(cut.maps[0, :, 0, 0], [4, 5])
    assert float(cut.summary) == 7
