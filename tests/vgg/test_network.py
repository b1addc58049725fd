"""The forward pass against the same network computed another way, and what it may and may not compute."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import numpy_network
from vgg.errors import InputError
from vgg.layers import LAYERS
from vgg.matfile.read import Conv
from vgg.network import VGG19


def maps_of(network, image, *names):
    return {name: maps[0].numpy() for name, maps in network(tf.constant(image[None], tf.float32), names).items()}


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_every_map_from_conv1_1_to_pool5(weights, image, pooling):
    expected = numpy_network.forward(image, weights, pooling)
    found = maps_of(VGG19(weights, pooling), image, *expected)
    assert len(found) == 37
    for name, maps in expected.items():
        np.testing.assert_allclose(found[name], maps, rtol=1e-4, atol=1e-4 * np.abs(maps).max(), err_msg=name)
    # 37 × 45 pixels have odd sides again and again.
    assert [expected[f"pool{i}"].shape[:2] for i in range(1, 6)] == [(19, 23), (10, 12), (5, 6), (3, 3), (2, 2)]


def test_images_of_a_batch_do_not_mix(weights, image):
    network, other = VGG19(weights, "avg"), image[::-1, ::-1]
    both = network(tf.constant(np.stack([image, other]), tf.float32), ["relu3_1"])["relu3_1"].numpy()
    for i, single in enumerate((image, other)):
        np.testing.assert_allclose(both[i], maps_of(network, single, "relu3_1")["relu3_1"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_odd_sides_rounded_down_lose_their_last_row_and_column(weights, pooling):
    image = np.random.default_rng(2).integers(0, 256, (53, 69, 3), dtype=np.uint8)
    expected = numpy_network.forward(image, weights, pooling, "down")
    found = maps_of(VGG19(weights, pooling, odd_sides="down"), image, *expected)
    assert [expected[f"pool{i}"].shape[:2] for i in range(1, 6)] == [(26, 34), (13, 17), (6, 8), (3, 4), (1, 2)]
    for name, maps in expected.items():
        np.testing.assert_allclose(found[name], maps, rtol=1e-4, atol=1e-4 * np.abs(maps).max(), err_msg=name)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_even_sides_do_not_depend_on_the_rounding(weights, pooling):
    image = np.random.default_rng(3).uniform(0, 255, (32, 64, 3))
    up, down = (maps_of(VGG19(weights, pooling, odd_sides=odd), image, "pool5")["pool5"] for odd in ("up", "down"))
    np.testing.assert_array_equal(up, down)


def test_a_picture_of_which_nothing_would_be_left(weights):
    network = VGG19(weights, odd_sides="down")
    assert maps_of(network, np.zeros((16, 31, 3)), "relu5_4")["relu5_4"].shape[:2] == (1, 1)
    assert maps_of(network, np.zeros((32, 63, 3)), "pool5")["pool5"].shape[:2] == (1, 1)
    with pytest.raises(InputError, match="images are 32×31 pixels, expected at least 32×32"):
        network(tf.zeros((1, 32, 31, 3)), ["pool5"])


@pytest.mark.parametrize("row, column, shift", [(0, 1, (1, 0)), (2, 1, (-1, 0)), (1, 0, (0, 1)), (1, 2, (0, -1))])
def test_a_kernel_of_a_single_one_shifts_the_picture(weights, image, row, column, shift):
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[row, column, 2, 0] = 1  # blue
    convolutions = weights.convolutions | {"conv1_1": Conv(kernel, np.zeros(1, np.float32))}
    network = VGG19(replace(weights, convolutions=convolutions))
    found = maps_of(network, image, "conv1_1")["conv1_1"][..., 0]
    shifted = np.roll(image[..., 2] - np.float32(103.939), shift, axis=(0, 1))
    inside = (slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(found[inside], shifted[inside], atol=1e-4)


def test_borders_are_padded_with_the_mean_colour(weights):
    # Zeros after the subtraction: a picture of the mean colour alone gives the bias everywhere.
    image = np.zeros((16, 16, 3), np.float32) + weights.mean_rgb
    found = maps_of(VGG19(weights), image, "conv1_1")["conv1_1"]
    np.testing.assert_array_equal(found, np.broadcast_to(weights.convolutions["conv1_1"].bias, found.shape))


def test_conv_is_before_and_relu_after_the_relu(weights, image):
    found = maps_of(VGG19(weights), image, "conv4_2", "relu4_2")
    assert found["conv4_2"].min() < 0 < found["conv4_2"].max()
    assert found["relu4_2"].min() == 0
    np.testing.assert_array_equal(found["relu4_2"], np.where(found["conv4_2"] > 0, found["conv4_2"], 0))


def test_nothing_is_computed_past_the_deepest_layer(weights, image):
    network = VGG19(weights)
    traced = tf.function(lambda x: network(x, ["pool1", "relu3_1", "conv2_1"]))
    graph = traced.get_concrete_function(tf.TensorSpec((1, 64, 64, 3), tf.float32)).graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("Conv2D") == 5  # conv1_1, conv1_2, conv2_1, conv2_2, conv3_1
    assert kinds.count("MaxPool") == 2
    # And none of the later kernels needs to be there.
    few = {name: conv for name, conv in weights.convolutions.items() if name < "conv2_2"}
    assert list(few) == ["conv1_1", "conv1_2", "conv2_1"]
    assert set(maps_of(VGG19(replace(weights, convolutions=few)), image, "conv2_1")) == {"conv2_1"}


def test_only_the_maps_asked_for(weights, image):
    assert set(maps_of(VGG19(weights), image, "relu5_1", "conv1_1")) == {"relu5_1", "conv1_1"}


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("side", [16, 17, 18, 23, 31, 32, 33])
def test_any_size_from_16_up(weights, side, pooling):
    image = np.random.default_rng(side).uniform(0, 255, (side, 48 - side // 2, 3))
    pool5 = maps_of(VGG19(weights, pooling), image, "pool5")["pool5"]
    assert pool5.shape[:2] == tuple(-(-size // 32) for size in image.shape[:2])  # five halvings, each rounded up
    assert np.isfinite(pool5).all()


@pytest.mark.parametrize("shape", [(1, 15, 16, 3), (1, 16, 15, 3), (16, 16, 3), (1, 16, 16, 1), (1, 16, 16, 4)])
def test_other_shapes_are_refused(weights, shape):
    with pytest.raises(InputError, match=r"15.*at least 16×16|expected \(batch, height, width, 3\)"):
        VGG19(weights)(tf.zeros(shape), ["conv1_1"])


def test_sizes_may_be_unknown_until_the_graph_runs(weights, image):
    network = VGG19(weights, "avg")
    traced = tf.function(
        lambda x: network(x, ["pool5"])["pool5"], input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)]
    )
    expected = numpy_network.forward(image, weights, "avg")["pool5"]
    np.testing.assert_allclose(traced(image[None].astype(np.float32))[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        *[("relu3-1", "did you mean relu3_1?"), ("Conv1_1", "did you mean conv1_1?"), ("pool9", "did you mean pool5?")],
        *[(name, "the layers are conv1_1, relu1_1, conv1_2, ") for name in ("fc6", "")],
    ],
)
def test_unknown_layer(weights, name, more):
    with pytest.raises(InputError) as caught:
        VGG19(weights)(tf.zeros((1, 16, 16, 3)), ["relu1_1", name])
    assert str(caught.value).startswith(f"there is no layer {name!r}; {more}")
    assert str(caught.value).endswith((more, ", relu5_4, pool5"))


def test_names_of_layers_may_be_one_or_come_from_a_generator(weights, image):
    network, images = VGG19(weights), image[None].astype(np.float32)
    expected = network(images, ["relu1_1", "pool1"])
    np.testing.assert_array_equal(network(images, "relu1_1")["relu1_1"], expected["relu1_1"])
    found = network.run(network.centred(images), LAYERS[:5], (name for name in ("pool1", "relu1_1")))
    assert found.keys() == expected.keys()


def test_no_layer(weights):
    with pytest.raises(InputError, match="no layer was named"):
        VGG19(weights)(tf.zeros((1, 16, 16, 3)), [])


def test_unknown_pooling(weights):
    with pytest.raises(InputError, match="'median', expected 'avg' or 'max'"):
        VGG19(weights, "median")


def test_unknown_rounding(weights):
    with pytest.raises(InputError, match="'floor', expected 'up' or 'down'"):
        VGG19(weights, odd_sides="floor")
