"""`python -m vgg deconv`: which activations it picks, what they saw, and the sheet."""

import numpy as np
import pytest

from microscope_command import disc, prepare, refused
from tiny_network import tiny_weights
from vgg.__main__ import main
from vgg.layers import ReceptiveField, receptive_field
from vgg.microscope.deconv import causes, peaks, without_borders
from vgg.network import VGG19
from vgg.tools.image import read_image


def test_peaks_are_strongest_first_and_apart():
    maps = np.zeros((20, 20, 5))
    maps[3, 4, 0] = 5.0
    maps[10, 4, 1] = 9.0
    maps[3, 6, 2] = 4.0  # two columns from channel 0
    maps[3, 8, 3] = 3.0  # four from channel 0
    maps[:, :, 4] = -1.0
    assert peaks(maps, 3, None) == [(10, 4, 1), (3, 4, 0), (3, 8, 3)]
    assert peaks(maps, 1, None) == [(10, 4, 1), (3, 4, 0), (3, 6, 2), (3, 8, 3)]
    assert peaks(maps, 3, 2) == [(3, 6, 2)]
    assert peaks(maps, 3, 4) == []


def test_positions_that_see_padding_do_not_compete():
    maps = np.arange(25.0).reshape(5, 5, 1) + 1
    field = ReceptiveField(size=6, stride=4, before=2)  # position i sees 4i − 2 … 4i + 3
    found = without_borders(maps, field, height=20, width=20)
    assert np.argwhere(found[..., 0]).min(axis=0).tolist() == [1, 1]
    assert np.argwhere(found[..., 0]).max(axis=0).tolist() == [4, 4]  # 14 … 19 are the last six pixels
    np.testing.assert_array_equal(without_borders(maps, field, height=5, width=20), maps)


@pytest.mark.parametrize("name", ["conv1_2", "relu2_1", "pool2", "conv3_2"])
@pytest.mark.parametrize("side", [40, 61])
def test_inside_is_where_nothing_of_the_padding_arrives(weights, name, side):
    """Where the same picture in a wider frame gives the same, whatever the frame's colour."""
    field = receptive_field(name)
    rng = np.random.default_rng(0)
    frame = 16  # a multiple of the stride, so that the windows of the pools stay where they were
    around = rng.uniform(0, 255, (1, side + 2 * frame, side + 2 * frame, 3)).astype(np.float32)
    alone = around[:, frame:-frame, frame:-frame]
    network = VGG19(weights)
    maps, larger = (network(image, [name])[name].numpy()[0] for image in (alone, around))
    shift = frame // field.stride
    same = np.isclose(maps, larger[shift:, shift:][: maps.shape[0], : maps.shape[1]], atol=1e-3).all(axis=2)
    rows, columns = field.inside(side), field.inside(side)
    assert same[rows, columns].all()
    # A single value outside may be the same by chance, behind a ReLU or a maximum; a whole line is not.
    assert np.flatnonzero(same[:, columns].all(axis=1)).tolist() == list(range(same.shape[0]))[rows]


def test_patch_and_pattern_are_of_the_same_place(weights):
    image = disc()
    for cause in causes(weights, image, "relu2_1", None, 5):
        maps = VGG19(weights)(image[None].astype(np.float32), ["relu2_1"])["relu2_1"].numpy()[0, ..., cause.channel]
        assert cause.activation == pytest.approx(maps[np.isclose(maps, cause.activation, rtol=1e-5)].max(), rel=1e-5)
        row, column = np.argwhere(np.isclose(maps, cause.activation, rtol=1e-6))[0]
        # A change of the pixels outside changes nothing, so this is what it saw.
        changed = np.random.default_rng(0).integers(0, 256, image.shape).astype(np.float32)
        changed[cause.rows, cause.columns] = image[cause.rows, cause.columns]
        again = VGG19(weights)(changed[None], ["relu2_1"])["relu2_1"].numpy()[0, row, column, cause.channel]
        assert again == pytest.approx(cause.activation, rel=1e-4)
        assert cause.pattern.shape == image[cause.rows, cause.columns].shape
        assert np.abs(cause.pattern).max() > 0


def test_sheet_is_the_same_each_time(tmp_path):
    words = ["deconv", str(tmp_path / "picture.png"), "--layer", "relu2_2", *prepare(tmp_path)]
    assert main(words) == 0
    first = (tmp_path / "out" / "sheet.png").read_bytes()
    assert main(words) == 0
    assert (tmp_path / "out" / "sheet-2.png").read_bytes() == first
    assert main([*words, "--channel", "1", "--overwrite"]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2
    sheet = read_image(tmp_path / "out" / "sheet.png")
    boxes = (sheet == (255, 220, 0)).all(axis=2)
    assert boxes.any() and (tmp_path / "out" / "sheet.png").read_bytes() != first


def test_refusals(tmp_path, capfd):
    words = ["deconv", str(tmp_path / "picture.png"), "--layer", "relu2_2", *prepare(tmp_path)]
    channels = tiny_weights().convolutions["conv2_2"].bias.size
    line = refused([*words, "--channel", str(channels)], capfd, tmp_path)
    assert f"--channel is {channels}, but relu2_2 has the channels 0 to {channels - 1}" in line
    assert "expected one of them" in refused([*words, "--channel", "1", "--top", "2"], capfd, tmp_path)
    assert "expected a whole number of 1 or more" in refused([*words, "--top", "0"], capfd, tmp_path)
