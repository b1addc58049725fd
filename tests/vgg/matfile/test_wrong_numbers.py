"""Files of the right kind in which one thing is wrong: a shape, a type, a field, NaN; the sentence names the layer."""

import numpy as np
import pytest

import hand_made
from refusals import edited, refusal
from vgg.matfile.read import read


def kernel_of(layers, name):
    return layers[name]["weights"][0, 0]


def set_kernel(name, change):
    def edit(variables, layers):
        layers[name]["weights"][0, 0] = change(kernel_of(layers, name))

    return edit


def set_bias(name, change):
    def edit(variables, layers):
        layers[name]["weights"][0, 1] = change(layers[name]["weights"][0, 1])

    return edit


def set_field(name, field, value):
    def edit(variables, layers):
        layers[name][field] = value

    return edit


def drop_field(name, field):
    return lambda variables, layers: layers[name].pop(field)


def with_number(number):
    def change(array):
        array = array.copy()
        array.flat[array.size // 2] = number
        return array

    return change


def one_array(variables, layers):
    layers["conv2_2"]["weights"] = hand_made.cell([kernel_of(layers, "conv2_2")])


def no_channel(variables, layers):
    layers["conv1_1"]["weights"][0] = [np.zeros((3, 3, 3, 0)), np.zeros((1, 0))]


def not_a_struct(variables, layers):
    variables["meta"]["normalization"] = 1.0


def not_a_cell(variables, layers):
    variables["layers"] = np.eye(3)


def no_average_image(variables, layers):
    del variables["meta"]["normalization"]["averageImage"]


def average_image(values):
    def edit(variables, layers):
        variables["meta"]["normalization"]["averageImage"] = np.asarray(values, float)

    return edit


# conv2_1 has 4 channels, conv2_2 therefore (3, 3, 4, 5); conv1_1 has 2, conv3_1 has 2.
CASES = {
    "5×5 kernels": (set_kernel("conv2_2", lambda k: np.zeros((5, 5, 4, 5), "f4")), "conv2_2", "(5, 5, 4, 5)"),
    "two axes": (set_kernel("conv1_1", lambda k: k[:, :, 0, 0]), "conv1_1", "(3, 3, 1, 1)", "(3, 3, 3, 2)"),
    "five axes": (set_kernel("conv1_1", lambda k: np.stack([k, k], -1)), "conv1_1", "(3, 3, 3, 2, 2)"),
    "input and output swapped": (set_kernel("conv2_2", lambda k: k.transpose(0, 1, 3, 2)), "conv2_2", "(3, 3, 5, 4)"),
    "does not chain": (set_kernel("conv2_2", lambda k: k[:, :, :3]), "conv2_2", "(3, 3, 3, 5)", "(3, 3, 4, 5)"),
    "grey input": (set_kernel("conv1_1", lambda k: k[:, :, :1]), "conv1_1", "(3, 3, 1, 2)", "(3, 3, 3, 2)"),
    "bias too short": (set_bias("conv2_2", lambda b: b[:, :4]), "conv2_2", "expected (3, 3, 4, 4)"),
    "no channel": (no_channel, "conv1_1", "(3, 3, 3, 0)"),
    "NaN in a kernel": (set_kernel("conv4_3", with_number(np.nan)), "kernel of conv4_3", "not finite"),
    "infinity in a kernel": (set_kernel("conv5_4", with_number(np.inf)), "kernel of conv5_4", "not finite"),
    "NaN in a bias": (set_bias("conv3_2", with_number(np.nan)), "bias of conv3_2", "not finite"),
    "minus infinity in a bias": (set_bias("conv3_2", with_number(-np.inf)), "bias of conv3_2", "not finite"),
    "integers": (set_kernel("conv1_2", lambda k: (k * 10).astype(np.int16)), "kernel of conv1_2", "int16"),
    "logical bias": (set_bias("conv1_2", lambda b: b > 0), "bias of conv1_2", "uint8"),
    "text for a kernel": (set_kernel("conv1_2", lambda k: "kernel"), "kernel of conv1_2", "<U6"),
    "stride 2": (set_field("conv3_3", "stride", np.float64([[2, 2]])), "conv3_3", "stride [2.0]"),
    "another stride across": (set_field("conv3_3", "stride", np.float64([[1, 2]])), "conv3_3", "stride [1.0, 2.0]"),
    "no padding": (set_field("conv3_3", "pad", np.zeros((1, 4))), "conv3_3", "pad [0.0]"),
    "only a kernel": (one_array, "conv2_2", "1 arrays of weights", "kernel and a bias"),
    "no weights": (drop_field("conv4_1", "weights"), "conv4_1", "no field `weights`", "name, type, size"),
    "no pad": (drop_field("conv4_1", "pad"), "conv4_1", "no field `pad`"),
    "holes in the kernel": (set_field("conv3_3", "dilate", np.float64([[2, 2]])), "conv3_3", "dilate [2.0]"),
    "3×3 pool": (set_field("pool2", "pool", np.float64([[3, 3]])), "pool2", "pool [3.0]", "expected 2"),
    "pool that skips": (set_field("pool2", "stride", np.float64([[3, 3]])), "pool2", "stride [3.0]", "expected 2"),
    "no type": (drop_field("pool3", "type"), "pool3", "no field `type`"),
    "no name": (drop_field("pool3", "name"), "no field `name`"),
    "a ReLU called convolution": (set_field("conv4_1", "type", "relu"), "conv4_1", "'relu'", "'conv'"),
    "a pool that is a convolution": (set_field("pool2", "type", "conv"), "pool2", "'conv'", "'pool'"),
    "no mean colour": (no_average_image, "normalization has no field `averageImage`"),
    "grey mean": (average_image([[100.0]]), "averageImage has the shape (1, 1)"),
    "mean of four": (average_image(np.zeros((2, 2, 4))), "averageImage has the shape (2, 2, 4)"),
    "mean out of range": (average_image([300.0, 100, 100]), "mean colour", "300"),
    "mean below zero": (average_image([-1.0, 100, 100]), "mean colour", "-1"),
    "mean NaN": (average_image([np.nan, 100, 100]), "mean colour", "nan"),
    "layers is a number": (not_a_cell, "a layer has no field `name`"),
    "normalization is a number": (not_a_struct, "normalization has no field `averageImage`"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_thing_wrong(tmp_path, case):
    edit, *words = CASES[case]
    sentence = edited(tmp_path, edit)
    for word in words:
        assert word in sentence


@pytest.mark.parametrize("layout", ["beta16", "later"])
def test_nothing_wrong(tmp_path, layout):
    # What the cases above start from is read, so their refusals are for the one thing that is wrong.
    read(hand_made.save(tmp_path / "a.mat", hand_made.network(layout)))


def test_the_classifier_may_be_anything(tmp_path):
    variables = hand_made.network("later")
    fc6 = variables["layers"][0, hand_made.NAMES.index("fc6")]
    fc6["weights"][0, 0] = np.full((7, 7, 2, 2), np.nan)
    fc6["stride"] = np.zeros((1, 2))
    read(hand_made.save(tmp_path / "a.mat", variables))
    variables["layers"] = variables["layers"][:, :37]
    read(hand_made.save(tmp_path / "b.mat", variables))


def test_beta16_without_a_mean_colour(tmp_path):
    sentence = edited(tmp_path, lambda variables, layers: variables.pop("normalization"), "beta16")
    assert "neither `normalization` (beta16 layout) nor `meta` (later layout) holds the mean colour" in sentence


def test_complex_numbers(tmp_path):
    variables = hand_made.network("later")
    arrays = variables["layers"][0, 0]["weights"]
    arrays[0, 0] = arrays[0, 0] + 1j
    refusal(hand_made.save(tmp_path / "a.mat", variables), "damaged", "delete it and get it again")


def test_numbers_beyond_single_precision(tmp_path):
    sentence = edited(tmp_path, set_kernel("conv2_1", lambda kernel: kernel.astype(float) * 1e300))
    assert "kernel of conv2_1" in sentence
