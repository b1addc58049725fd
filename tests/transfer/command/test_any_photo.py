"""From a photo to its result: what one can see through stays so, date and camera go on, and the place only if asked."""

import json

import cv2
import numpy as np
import PIL.Image
import pytest

from image_files import encoded, png_of
from transfer import batch
from transfer.__main__ import main
from transfer_command import prepare, refused
from vgg.tools.image import read_image

GPS, MAKE, ORIENTATION, EXIF, TAKEN = 0x8825, 0x010F, 0x0112, 0x8769, 0x9003


@pytest.fixture
def words(tmp_path) -> list[str]:
    """The words of a run of one step, whose content picture, of 64 × 48 pixels, is transparent in its right half."""
    words = [*prepare(tmp_path), "--iterations", "1", "--scales", ""]
    image = read_image(tmp_path / "content.png")
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:, 32:] = 0
    image[:, 32:] = 255  # white, hidden
    (tmp_path / "content.png").write_bytes(png_of(np.dstack([image, alpha])))
    return words


@pytest.mark.parametrize("name, more", [("a.png", ["--sheet"]), ("a.webp", []), ("a.tif", ["--depth", "16"])])
def test_the_result_is_as_transparent_as_the_content(tmp_path, words, name, more):
    picture = tmp_path / name
    assert main([*words, "-o", str(picture), *more, "--quiet"]) == 0
    pixels = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (24, 32, 4) and pixels.dtype == (np.uint16 if more == ["--depth", "16"] else np.uint8)
    most = np.iinfo(pixels.dtype).max
    assert np.all(pixels[:, :16, 3] == most) and np.all(pixels[:, 16:, 3] == 0)
    if name == "a.png":
        assert pixels[:, 18:, 0].mean() < 200, "what is hidden is no white"
        assert main([*words, "-o", str(tmp_path / "full.png"), "--full-size", "--quiet"]) == 0
        large = cv2.imread(str(tmp_path / "full.png"), cv2.IMREAD_UNCHANGED)
        assert large.shape == (48, 64, 4) and np.all(large[:, :32, 3] == 255) and np.all(large[:, 32:, 3] == 0)


def test_a_jpeg_is_laid_on_white_and_a_line_says_so(tmp_path, words, capfd):
    assert main([*words, "-o", str(tmp_path / "a.jpg")]) == 0
    said = [line for line in capfd.readouterr().out.splitlines() if "transparent" in line]
    assert said == [
        "the content picture is transparent in part; a .jpg file cannot be, so the result is laid on white; to keep it "
        "transparent write a .png"
    ]
    assert np.all(read_image(tmp_path / "a.jpg")[:, 24:] >= 250)


def test_a_batch_keeps_it_too(tmp_path, words):
    pictures = ["--contents", str(tmp_path / "content.png"), "--styles", str(tmp_path / "style.png")]
    options = [word for word in words[2:] if word != "--overwrite"]
    options[options.index("-o") + 1] = str(tmp_path / "many")
    assert batch.main([*pictures, *options, "--quiet"]) == 0
    (result,) = (tmp_path / "many").glob("*style.png")
    alpha = cv2.imread(str(result), cv2.IMREAD_UNCHANGED)[..., 3]
    assert np.all(alpha[:, :16] == 255) and np.all(alpha[:, 16:] == 0)


def test_date_and_camera_and_the_place_if_asked(tmp_path, words):
    tags = PIL.Image.Exif()
    tags.update({MAKE: "Acme", ORIENTATION: 3, EXIF: {TAKEN: "2024:05:04 12:30:00"}, GPS: {1: "N"}})
    (tmp_path / "content.png").write_bytes(encoded(".png", read_image(tmp_path / "style.png")))
    with PIL.Image.open(tmp_path / "content.png") as picture:
        picture.save(tmp_path / "photo.jpg", exif=tags)
    words[0] = str(tmp_path / "photo.jpg")
    for more, place in ([], {}), (["--keep-location"], {1: "N"}):
        assert main([*words, *more, "--quiet"]) == 0
        with PIL.Image.open(tmp_path / "out" / "result.png") as picture:
            found = picture.getexif()
        assert (found[MAKE], found[ORIENTATION]) == ("Acme", 1)
        assert found.get_ifd(EXIF)[TAKEN] == "2024:05:04 12:30:00"
        assert found.get_ifd(GPS) == place
        record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
        assert record["finish"].get("keep_location", False) == bool(place)


@pytest.mark.parametrize("position", [0, 1])
def test_an_address_is_refused_before_the_run(tmp_path, words, capfd, monkeypatch, position):
    monkeypatch.setattr("transfer.cli.command_line.start_tensorflow", lambda: pytest.fail("too late"))
    words[position] = "https://example.org/a photo.jpg"
    line = refused(words, capfd, tmp_path)
    assert "https://example.org/a photo.jpg is an address, expected a file; download it first" in line
