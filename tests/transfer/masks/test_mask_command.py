"""`python -m transfer.masks`: the two files, the lines about them, and that a run can use them."""

import numpy as np
import pytest

from mask_command import DISC, STRIPE_COLORS, STRIPES, disc, refused, saved, stripes
from own_process import run_python
from transfer.files import NAMES
from transfer.inputs import read_labels
from transfer.masks import main
from vgg.tools.image import read_image

#: What follows the name of a picture of 64 × 48 pixels, and what the line must say. `{}` is the folder.
REFUSED = {
    "no way": ([], "the following arguments are required: --by"),
    "unknown way": (["--by", "magic"], "invalid choice: 'magic'"),
    "one label": (["--by", "color", "--labels", "1"], "'1' found, expected a whole number of 2 or more"),
    "nine labels": (["--by", "color", "--labels", "9"], "--labels is 9, expected 2 to 8; choose fewer"),
    "word as labels": (["--by", "color", "--labels", "few"], "'few' found, expected a whole number"),
    "labels of grabcut": (["--by", "grabcut", "--labels", "2"], "--labels found with --by grabcut, expected it only"),
    "box of colours": (["--by", "color", "--box", "1,2,3,4"], "--box found with --by color, expected it only with"),
    "no box": (["--by", "grabcut"], "--by grabcut needs the place of the object, expected --box X,Y,WIDTH,HEIGHT"),
    "three numbers": (
        ["--by", "grabcut", "--box", "1,2,3"],
        "'1,2,3' found, expected X,Y,WIDTH,HEIGHT in whole pixels",
    ),
    "five numbers": (["--by", "grabcut", "--box", "1,2,3,4,5"], "'1,2,3,4,5' found, expected"),
    "word in the box": (["--by", "grabcut", "--box", "1,2,3,x"], "'1,2,3,x' found, expected"),
    "negative box": (["--by", "grabcut", "--box=-1,2,3,4"], "'-1,2,3,4' found, expected"),
    "half a pixel": (["--by", "grabcut", "--box", "1.5,2,3,4"], "'1.5,2,3,4' found, expected"),
    "flat box": (["--by", "grabcut", "--box", "1,2,0,4"], "'1,2,0,4' found, expected"),
    "endless number": (["--by", "grabcut", "--box", "1,2,3," + "9" * 5000], "found, expected X,Y,WIDTH,HEIGHT"),
    "box outside": (["--by", "grabcut", "--box", "60,2,10,4"], "ends at 70,6, outside the picture of 64 × 48 pixels"),
    "output is input": (["--by", "color", "-o", "{}/picture.png"], "is also an input, which it would overwrite"),
    "preview is input": (["--by", "color", "-o", "{}/p.png"], "p-preview.png is also an input"),
    "JPEG": (["--by", "color", "-o", "{}/mask.jpg"], "is a JPEG picture, which blurs the colours of regions, expected"),
    "unknown ending": (["--by", "color", "-o", "{}/mask.ppm"], "'.ppm', expected one of .png"),
    "folder as output": (["--by", "color", "-o", "{}"], "is a folder"),
    "root as output": (["--by", "color", "-o", "/"], "is a folder"),
    "empty output": (["--by", "color", "-o", ""], "'' found, expected the name of a file"),
    "folder as preview": (["--by", "color", "-o", "{}/taken.png"], "taken-preview.png is a folder"),
}


def made(folder, words: list[str], capfd) -> list[str]:
    """The lines of a run that works; it writes `mask.png`."""
    assert main([*words, "-o", str(folder / "mask.png"), "--overwrite"]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return out.splitlines()


def test_three_colors_as_a_run_reads_them(tmp_path, capfd):
    picture = saved(tmp_path, stripes())
    black, white, red, written, use = made(tmp_path, [picture, "--by", "color"], capfd)
    # Stripes of 22, 22 and 20 columns of 64; the lightest is at the left.
    assert (black, white, red) == ("black     34.4%", "white     31.2%", "red       34.4%")
    mask, preview = tmp_path / "mask.png", tmp_path / "mask-preview.png"
    assert written == f"written: {mask}; look at {preview}"
    assert f"--content-mask {mask} --region white=night.jpg, or --region white=0.2, or --region white=keep" in use
    labels = read_labels(str(mask), picture, (48, 64))
    assert set(labels) == {"black", "white", "red"}
    for number, name in enumerate(["black", "white", "red"]):
        np.testing.assert_array_equal(labels[name], number == STRIPES)


def test_grabcut_is_white_on_black(tmp_path, capfd):
    picture = saved(tmp_path, disc())
    lines = made(tmp_path, [picture, "--by", "grabcut", "--box", "10,5,40,38"], capfd)
    assert [line.split()[0] for line in lines[:2]] == ["black", "white"]
    labels = read_labels(str(tmp_path / "mask.png"), picture, (48, 64))
    assert set(labels) == {"black", "white"}
    assert (labels["white"] & DISC).sum() > 0.95 * (labels["white"] | DISC).sum()


def test_eight_labels_have_the_eight_names_in_order(tmp_path, capfd):
    ramp = np.broadcast_to(4 * np.arange(64, dtype=np.uint8)[:, None], (48, 64, 3))
    lines = made(tmp_path, [saved(tmp_path, ramp), "--by", "luminance", "--labels", "8"], capfd)
    assert [line.split()[0] for line in lines[:8]] == list(NAMES)
    image = read_image(tmp_path / "mask.png")
    assert [tuple(image[24, x]) for x in range(4, 64, 8)] == list(NAMES.values())


@pytest.mark.parametrize("by", ["color", "luminance", "grabcut"])
def test_the_same_bytes_twice(tmp_path, capfd, by):
    words = [saved(tmp_path, disc()), "--by", by, *(["--box", "10,5,40,38"] if by == "grabcut" else [])]
    results = []
    for _ in range(2):
        made(tmp_path, words, capfd)
        results.append([(tmp_path / name).read_bytes() for name in ("mask.png", "mask-preview.png")])
    assert results[0] == results[1]


def test_the_preview_is_the_picture_in_the_regions_colors(tmp_path, capfd):
    made(tmp_path, [saved(tmp_path, stripes()), "--by", "color"], capfd)
    shown = read_image(tmp_path / "mask-preview.png")
    assert shown.shape == (600, 800, 3)
    for left, right, number in ((20, 250, 2), (300, 520, 0), (570, 780, 1)):
        part = shown[20:-20, left:right]
        color = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]])[number]
        expected = (STRIPE_COLORS[number] + color) / 2
        assert np.abs(np.median(part, axis=(0, 1)) - expected).max() < 5
        assert (part.max(axis=2) < 10).any() and (part.min(axis=2) > 240).any(), "white letters with a black rim"


def test_the_preview_has_the_box_and_the_pictures_own_pixels_along_its_edges(tmp_path, capfd):
    """64 pixels become 800: marks at 10, 20 … are at 125, 250 …, and the box from 10 to 52 is from 125 to 650."""
    words = [saved(tmp_path, disc()), "--by", "grabcut", "--box", "10,4,42,40", "-o", str(tmp_path / "mask.png")]
    assert main(words) == 0
    shown = read_image(tmp_path / "mask-preview.png").astype(int)
    white, black = shown.min(axis=2) > 250, shown.max(axis=2) < 5
    for x in (125, 250, 375, 500, 625, 750):
        assert white[:12, x].all() and black[:4, x - 1].all() and not white[4:12, x - 40].any()
    for y in (125, 250, 375, 500):
        assert white[y, :12].all() and not white[y + 62, :12].any()
    for x in (125, 650):
        assert white[60:540, x].mean() > 0.9 and white[60:540, x + 20].mean() < 0.5
    for y in (50, 550):
        assert white[y, 135:640].mean() > 0.9


def test_a_mask_that_is_there_stays_and_so_does_its_preview(tmp_path, capfd):
    words = [saved(tmp_path, disc()), "--by", "color", "-o", str(tmp_path / "mask.png")]
    (tmp_path / "mask.png").write_text("mine")
    (tmp_path / "mask-2-preview.png").write_text("mine")
    assert main(words) == 0
    assert f"written: {tmp_path / 'mask-3.png'}; look at {tmp_path / 'mask-3-preview.png'}" in capfd.readouterr().out
    assert [(tmp_path / name).read_text() for name in ("mask.png", "mask-2-preview.png")] == ["mine", "mine"]
    assert not (tmp_path / "mask-preview.png").exists()


@pytest.mark.parametrize("shape", [(2, 900), (900, 2)])
def test_very_narrow_pictures(tmp_path, capfd, shape):
    image = np.zeros((*shape, 3), np.uint8)
    image[-450:, -450:] = 255
    made(tmp_path, [saved(tmp_path, image), "--by", "color", "--labels", "2"], capfd)
    assert read_image(tmp_path / "mask.png").shape == image.shape


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path, capfd, case):
    words, expected = REFUSED[case]
    picture = saved(tmp_path, stripes())
    (tmp_path / "p-preview.png").symlink_to(picture)
    (tmp_path / "taken-preview.png").mkdir()
    output = [] if "-o" in words else ["-o", str(tmp_path / "mask.png")]
    line = refused([picture, *(word.replace("{}", str(tmp_path)) for word in words), *output], capfd, tmp_path)
    assert expected in line


def test_pictures_that_cannot_be(tmp_path, capfd):
    (tmp_path / "notes.png").write_text("Buy milk\n")
    output = ["--by", "color", "-o", str(tmp_path / "mask.png")]
    assert "is a text file" in refused([str(tmp_path / "notes.png"), *output], capfd, tmp_path)
    assert "does not exist" in refused([str(tmp_path / "none.png"), *output], capfd, tmp_path)
    line = refused([saved(tmp_path, np.zeros((48, 64, 3), np.uint8)), *output], capfd, tmp_path)
    assert "regions found: 1, expected 3" in line


def test_tensorflow_is_not_imported(tmp_path):
    words = [saved(tmp_path, stripes()), "--by", "color", "-o", str(tmp_path / "mask.png")]
    program = (
        "import sys; from transfer.masks import main; code = main(sys.argv[1:]); "
        "sys.exit(code or 'tensorflow' in sys.modules)"
    )
    assert run_python(program, *words).returncode == 0
