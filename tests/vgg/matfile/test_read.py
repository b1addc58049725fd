"""Reading both layouts, from files that our writer did not make."""

import hashlib

import numpy as np
import pytest

import hand_made
import matlab_bytes as m
from vgg.matfile.read import read

LAYOUTS = ("beta16", "later")


def assert_holds(weights, numbers):
    assert list(weights.convolutions) == list(numbers)
    for name, (kernel, bias) in numbers.items():
        found = weights.convolutions[name]
        assert found.kernel.dtype == found.bias.dtype == np.float32
        np.testing.assert_array_equal(found.kernel, kernel)
        np.testing.assert_array_equal(found.bias, bias)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_layouts_hold_the_same(tmp_path, layout, compressed):
    numbers = hand_made.kernels(7)
    path = hand_made.save(tmp_path / "a.mat", hand_made.network(layout, numbers), compressed)
    weights = read(str(path))
    assert_holds(weights, numbers)
    assert weights.layout == layout
    assert weights.path == path
    assert weights.origin == ""
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights.mean_rgb.dtype == np.float32
    np.testing.assert_allclose(weights.mean_rgb, [123.68, 116.779, 103.939], atol=1e-5)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_bytes_as_matlab_writes_them(tmp_path, wide, compressed):
    numbers, layers = hand_made.kernels(8), []
    for name in hand_made.NAMES:
        kind = name.rstrip("0123456789_")
        if kind in ("conv", "fc"):
            kernel, bias = numbers.get(name, (np.zeros((7, 7, 2, 2)), np.zeros(2)))
            layers.append(m.convolution(name, kernel, bias, wide))
        else:
            layers.append(m.other(name, {"prob": "softmax"}.get(kind, kind)))
    average = m.single(np.float32([[[120, 110, 100]]]))
    third = {"imageSize": m.double(224, 224, 3), "keepAspect": m.double(1), "averageImage": average}
    meta = m.struct_array({"classes": m.cells(m.text("tench")), "normalization": m.struct_array(third)}, "meta")
    path = tmp_path / "matlab.mat"
    path.write_bytes(m.file(m.cells(*layers, name="layers"), meta, compressed=compressed))
    weights = read(path)
    assert_holds(weights, numbers)
    assert weights.mean_rgb.tolist() == [120, 110, 100]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_order_of_fields_and_variables_does_not_matter(tmp_path, layout):
    numbers = hand_made.kernels()
    variables = hand_made.network(layout, numbers)
    for i, layer in enumerate(variables["layers"][0]):
        fields = list(layer.items())
        start = i % len(fields)
        variables["layers"][0, i] = dict(reversed(fields[start:] + fields[:start]))
    owner = variables if layout == "beta16" else variables["meta"]
    owner["normalization"] = dict(reversed(owner["normalization"].items()))
    weights = read(hand_made.save(tmp_path / "a.mat", dict(reversed(variables.items()))))
    assert_holds(weights, numbers)
    np.testing.assert_allclose(weights.mean_rgb, [123.68, 116.779, 103.939], atol=1e-5)


def test_mean_colour_is_the_average_over_the_image(tmp_path):
    image = np.random.default_rng(0).uniform(0, 255, (224, 224, 3))
    image[:112] *= [1.0, 0.5, 0.2]  # channels differ, halves differ
    expected = [sum(image[:, :, c].ravel()) / (224 * 224) for c in range(3)]
    weights = read(hand_made.save(tmp_path / "a.mat", hand_made.network("beta16", average_image=image)))
    np.testing.assert_allclose(weights.mean_rgb, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3), (3, 1)])
def test_mean_colour_of_the_later_layout_is_its_three_numbers(tmp_path, shape):
    image = np.float32([10.5, 20.25, 30.125]).reshape(shape)
    weights = read(hand_made.save(tmp_path / "a.mat", hand_made.network("later", average_image=image)))
    assert weights.mean_rgb.tolist() == [10.5, 20.25, 30.125]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_kernels_are_not_transposed(tmp_path, layout):
    numbers = hand_made.kernels()
    kernel, _ = numbers["conv1_1"]
    kernel[:] = 0
    kernel[0, 2, 1, 0] = 5  # top row, right column, green, first filter
    found = read(hand_made.save(tmp_path / "a.mat", hand_made.network(layout, numbers))).convolutions["conv1_1"]
    assert np.argwhere(found.kernel).tolist() == [[0, 2, 1, 0]]


def test_single_channel_whose_axis_matlab_drops(tmp_path):
    numbers = hand_made.kernels()
    (before, bias), (after, bias_after) = numbers["conv3_1"], numbers["conv3_2"]
    numbers["conv3_1"] = before[..., :1], bias[:1]
    numbers["conv3_2"] = after[:, :, :1], bias_after
    variables = hand_made.network("later", numbers)
    arrays = variables["layers"][0, hand_made.NAMES.index("conv3_1")]["weights"]
    arrays[0, 0] = before[..., 0]  # three axes, as MATLAB has it
    assert_holds(read(hand_made.save(tmp_path / "a.mat", variables)), numbers)


def test_numbers_in_double_precision(tmp_path):
    numbers = hand_made.kernels()
    doubles = {name: (kernel.astype(np.float64), bias.astype(np.float64)) for name, (kernel, bias) in numbers.items()}
    assert_holds(read(hand_made.save(tmp_path / "a.mat", hand_made.network("later", doubles))), numbers)


def test_other_variables_do_not_matter(tmp_path):
    variables = hand_made.network("later") | {"notes": "mine", "zeros": np.zeros((3, 0)), "flag": np.array([True])}
    assert_holds(read(hand_made.save(tmp_path / "a.mat", variables)), hand_made.kernels())
