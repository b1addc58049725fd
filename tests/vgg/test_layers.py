"""The table of layers against what is known of the network: where the file has each layer, and how large it is."""

import pytest

from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS, LAYERS, NAMES, deepest, layer_named

# Index in the file: (name, input channels, output channels); the parameters are those of the published network.
CONVOLUTIONS_BY_INDEX = {
    0: ("conv1_1", 3, 64),
    2: ("conv1_2", 64, 64),
    5: ("conv2_1", 64, 128),
    7: ("conv2_2", 128, 128),
    10: ("conv3_1", 128, 256),
    12: ("conv3_2", 256, 256),
    14: ("conv3_3", 256, 256),
    16: ("conv3_4", 256, 256),
    19: ("conv4_1", 256, 512),
    21: ("conv4_2", 512, 512),
    23: ("conv4_3", 512, 512),
    25: ("conv4_4", 512, 512),
    28: ("conv5_1", 512, 512),
    30: ("conv5_2", 512, 512),
    32: ("conv5_3", 512, 512),
    34: ("conv5_4", 512, 512),
}
PARAMETERS = 20_024_384


def test_convolutions_stand_where_the_file_has_them():
    assert {row.index: (row.name, row.channels_in, row.channels) for row in CONVOLUTIONS} == CONVOLUTIONS_BY_INDEX
    assert all(row.kind == "conv" for row in CONVOLUTIONS)


def test_each_convolution_is_followed_by_its_relu():
    for index, (name, _, channels) in CONVOLUTIONS_BY_INDEX.items():
        assert LAYERS[index + 1] == (name.replace("conv", "relu"), "relu", index + 1, channels, channels)


def test_pools():
    pools = {row.index: (row.name, row.channels_in, row.channels) for row in LAYERS if row.kind == "pool"}
    assert pools == {
        4: ("pool1", 64, 64),
        9: ("pool2", 128, 128),
        18: ("pool3", 256, 256),
        27: ("pool4", 512, 512),
        36: ("pool5", 512, 512),
    }


def test_number_of_layers_and_parameters():
    assert len(LAYERS) == len(NAMES) == 37
    assert [row.index for row in LAYERS] == list(range(37))
    assert sum(9 * row.channels_in * row.channels + row.channels for row in CONVOLUTIONS) == PARAMETERS


def test_deepest_is_the_furthest_from_the_image_in_any_order():
    assert deepest(("relu4_2", "conv1_1", "pool3")).index == 22
    assert deepest(("conv1_1",)).index == 0
    assert deepest(("pool4", "relu5_1", "conv5_1")).name == "relu5_1"


def test_of_an_unknown_name_the_nearest_is_said_or_else_all():
    with pytest.raises(InputError, match="did you mean conv4_2"):
        layer_named("conv4-2")
    with pytest.raises(InputError) as caught:
        layer_named("fc8")
    sentence = str(caught.value)
    for number in range(1, 6):
        for name in (f"conv{number}_2", f"relu{number}_1", f"pool{number}"):
            assert f" {name}" in sentence
    assert sentence.isprintable()
