"""The table of shapes and costs against the network itself, counted, run and differentiated."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from microscope_command import ROOT, refused
from tiny_network import tiny_weights
from vgg.__main__ import main
from vgg.errors import InputError
from vgg.layers import LAYERS, NAMES, maps_shape, receptive_field
from vgg.matfile.read import Conv, Weights
from vgg.matfile.write import write
from vgg.microscope.layers import layer_table, parse_size
from vgg.network import VGG19


@pytest.mark.parametrize(("height", "width"), [(16, 16), (37, 45), (33, 64), (47, 18)])
def test_every_row_is_what_the_network_gives(weights, height, width):
    channels = {name: conv.bias.size for name, conv in weights.convolutions.items()}
    rows = layer_table(height, width, channels)
    maps = VGG19(weights)(tf.zeros((1, height, width, 3)), NAMES)
    assert {row.name: row.output for row in rows} == {name: tuple(tensor.shape) for name, tensor in maps.items()}
    for row in rows:
        assert row.activation_bytes == maps[row.name].numpy().nbytes
        kernel, bias = weights.convolutions.get(row.name, (np.empty(0), np.empty(0)))
        assert row.parameters == kernel.size + bias.size
        assert row.kernel == (kernel.shape if kernel.size else None)
        # One multiplication of every number of the kernel with something at every position.
        assert row.multiply_adds == kernel.size * row.output[1] * row.output[2]


@pytest.mark.parametrize("odd_sides", ["up", "down"])
@pytest.mark.parametrize(("height", "width"), [(32, 64), (37, 45), (53, 69), (63, 95)])
def test_maps_have_the_shape_that_the_network_gives_them(weights, height, width, odd_sides):
    maps = VGG19(weights, odd_sides=odd_sides)(tf.zeros((1, height, width, 3)), NAMES)
    found = {name: maps_shape(height, width, name, odd_sides) for name in NAMES}
    assert found == {name: tuple(tensor.shape[1:3]) for name, tensor in maps.items()}


def test_maps_of_a_picture_of_odd_sides():
    """53 × 69 by hand: 27 × 35, 14 × 18, 7 × 9, 4 × 5, 2 × 3 up; 26 × 34, 13 × 17, 6 × 8, 3 × 4, 1 × 2 down."""
    names = ("relu1_2", "relu2_1", "pool2", "relu4_2", "relu5_1", "pool5")
    up = [(53, 69), (27, 35), (14, 18), (7, 9), (4, 5), (2, 3)]
    down = [(53, 69), (26, 34), (13, 17), (6, 8), (3, 4), (1, 2)]
    assert [maps_shape(53, 69, name) for name in names] == up
    assert [maps_shape(53, 69, name, "down") for name in names] == down


def test_maps_without_a_position_are_refused():
    assert maps_shape(1, 1, "pool5") == (1, 1)
    with pytest.raises(InputError, match=r"^pool5 sees nothing of 40×31 pixels, expected at least 32×32; "):
        maps_shape(40, 31, "pool5", "down")


def test_the_picture_of_the_issue():
    rows = {row.name: row for row in layer_table(663, 1000)}
    assert rows["conv1_1"].output == (1, 663, 1000, 64)
    assert rows["pool1"].output == (1, 332, 500, 64)
    assert rows["pool5"].output == (1, 21, 32, 512)
    assert sum(row.parameters for row in rows.values()) == 20_024_384
    assert [row.index for row in rows.values()] == list(range(37))


def seeing_everything() -> VGG19:
    """One channel, all kernels 1: with average pooling no contribution of any pixel can cancel or be cut off."""
    kernels = {
        layer.name: Conv(np.ones((3, 3, 3 if layer.index == 0 else 1, 1), np.float32), np.ones(1, np.float32))
        for layer in LAYERS
        if layer.kind == "conv"
    }
    return VGG19(Weights(kernels, np.zeros(3, np.float32)), "avg")


@pytest.mark.parametrize("name", ["conv1_1", "conv1_2", "pool1", "conv2_2", "pool2", "relu3_1", "pool3", "conv4_2"])
@pytest.mark.parametrize("row, column", [(0, 0), (2, 1), (-1, -1)])
def test_a_position_sees_exactly_the_pixels_that_change_it(name, row, column):
    height, width = 96, 112
    image = tf.ones((1, height, width, 3))
    with tf.GradientTape() as tape:
        tape.watch(image)
        maps = seeing_everything()(image, [name])[name]
        row, column = row % maps.shape[1], column % maps.shape[2]
        value = tf.math.log(maps[0, row, column, 0])  # a logarithm keeps the gradient within a float's range
    changes = np.any(tape.gradient(value, image)[0].numpy() > 0, axis=2)
    seen = np.zeros((height, width), bool)
    field = receptive_field(name)
    seen[field.pixels(row, height), field.pixels(column, width)] = True
    np.testing.assert_array_equal(seen, changes)


def test_size_and_stride_of_a_position_in_the_middle():
    assert receptive_field("conv1_1")[:2] == (3, 1)
    assert receptive_field("pool5")[:2] == (268, 32)
    assert receptive_field("conv1_1").pixels(5, 100) == slice(4, 7)


@pytest.mark.parametrize("text", ["663", "x", "663x", "663x1000x3", "-663x1000", "663 x 1000", "6.6x10", ""])
def test_sizes_of_another_form(text, capfd, tmp_path):
    line = refused(["layers", f"--size={text}"], capfd, tmp_path)
    assert line.startswith(f"vgg: --size is {text!r}, expected HEIGHTxWIDTH in pixels, such as 663x1000")


def test_height_comes_first_and_small_sizes_are_refused(capfd, tmp_path):
    assert parse_size("663x1000") == (663, 1000)
    assert "at least 16 each" in refused(["layers", "--size", "1000x15"], capfd, tmp_path)


def test_table_and_json_say_the_same(capfd, tmp_path):
    write(tmp_path / "tiny.mat", tiny_weights())
    words = ["layers", "--size", "40x70", "--weights", str(tmp_path / "tiny.mat")]
    assert main([*words, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert main(words) == 0
    table = capfd.readouterr().out
    assert [layer["name"] for layer in found["layers"]] == list(NAMES)
    assert found["layers"][1]["output"] == [1, 40, 70, 4]
    lines = {line.split()[0]: line for line in table.splitlines() if line}
    for layer in found["layers"]:
        assert "×".join(map(str, layer["output"])) in lines[layer["name"]]
        if layer["kind"] == "conv":
            assert f" {layer['multiply_adds']:,} " in lines[layer["name"]]
    assert f"{found['totals']['parameters']:,}" in table and f"{found['totals']['multiply_adds']:,}" in table


def test_it_waits_for_no_large_library():
    program = (
        "import sys; sys.argv = ['vgg', 'layers']; import runpy\n"
        "try: runpy.run_module('vgg', run_name='__main__')\n"
        "except SystemExit as stop:\n"
        "    print(stop.code, {'tensorflow', 'scipy', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n0 set()\n") and "20,024,384" in done.stdout
