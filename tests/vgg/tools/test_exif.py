"""When and by which camera a picture was taken goes on into the result; the rest of its EXIF data does not."""

import io

import numpy as np
import PIL.ExifTags
import PIL.Image
import pytest

from image_files import STORED, encoded, exif, jpeg_with, png_of, tiff
from vgg.tools.image import encode, read_picture
from vgg.tools.metadata import without_location

BASE, GPS = PIL.ExifTags.Base, PIL.ExifTags.GPS
TAKEN = {
    BASE.DateTimeOriginal: "2024:05:04 12:30:00",
    BASE.OffsetTimeOriginal: "+02:00",
    BASE.LensModel: "a lens",
}
PLACE = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 31.0, 12.5)}


def of_a_phone() -> bytes:
    """EXIF data with more than a result should tell."""
    written = PIL.Image.Exif()
    written.update({BASE.Make: "Acme", BASE.Model: "Phone 7", BASE.Orientation: 6, BASE.Artist: "Somebody"})
    written[BASE.ExifOffset] = {**TAKEN, BASE.BodySerialNumber: "12345", BASE.MakerNote: b"secret"}
    written[BASE.GPSInfo] = PLACE
    return written.tobytes()


def read(folder, data: bytes):
    (folder / "picture").write_bytes(data)
    return read_picture(folder / "picture")


def found_by_pillow(data: bytes) -> dict:
    with PIL.Image.open(io.BytesIO(data)) as picture:
        found = picture.getexif()
        below = {tag: dict(found.get_ifd(tag)) for tag in (BASE.ExifOffset, BASE.GPSInfo)}
        pixels = np.asarray(picture)[..., :3]
    own = {tag: found[tag] for tag in (BASE.Make, BASE.Model, BASE.Orientation, BASE.Artist) if tag in found}
    return {"own": own, "taken": below[BASE.ExifOffset], "place": below[BASE.GPSInfo], "pixels": pixels}


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("source", ["jpeg", "png", "tiff"])
def test_date_and_camera_go_on_and_the_place_if_it_shall(tmp_path, ending, source):
    if source == "tiff":
        stream = io.BytesIO()
        PIL.Image.fromarray(STORED).save(stream, "TIFF", exif=of_a_phone())
        data = stream.getvalue()
    else:
        data = jpeg_with(of_a_phone(), encoded(".jpg", STORED))
        data = png_of(STORED, (b"eXIf", of_a_phone()[6:])) if source == "png" else data
    tags = read(tmp_path, data).exif
    for kept in (tags, without_location(tags)):
        written = encode(STORED, ending, exif=kept)
        assert written == encode(STORED, ending, exif=kept)
        found = found_by_pillow(written)
        assert found["own"] == {BASE.Make: "Acme", BASE.Model: "Phone 7", BASE.Orientation: 1}
        assert found["taken"] == TAKEN
        assert {tag: found["place"].get(tag) for tag in PLACE} == (PLACE if kept is tags else dict.fromkeys(PLACE))
        assert all(word not in written for word in (b"12345", b"secret", b"Somebody"))
        again = read(tmp_path, written)
        assert again.image.shape == STORED.shape and again.exif == kept
        np.testing.assert_array_equal(again.image, read(tmp_path, encode(STORED, ending)).image)


@pytest.mark.parametrize("depth", [8, 16])
def test_a_tiff_with_alpha_and_date(tmp_path, depth):
    tags = {BASE.Make: "Acme", BASE.ExifOffset: TAKEN}
    rgba = np.dstack([STORED, np.full((16, 24), 99, np.uint8)])
    for width in (23, 24):  # files of an odd and an even length
        picture = read(tmp_path, encode(rgba[:, :width], ".tif", depth, exif=tags))
        assert picture.exif == tags and np.all(picture.alpha == 99)
        assert np.abs(picture.image.astype(int) - STORED[:, :width]).max() <= 2


def test_no_exif_data_no_bytes(tmp_path):
    for ending in (".png", ".jpg", ".webp", ".tif", ".bmp"):
        plain = encode(STORED, ending)
        for data in (png_of(STORED), tiff(STORED), png_of(STORED, (b"eXIf", b"MM\0*\xff\xff\xff\xff"))):
            assert encode(STORED, ending, exif=read(tmp_path, data).exif) == plain
    assert encode(STORED, ".bmp", exif={BASE.Make: "Acme"}) == encode(STORED, ".bmp")


def test_damaged_and_gigantic_data_count_as_none(tmp_path):
    long = PIL.Image.Exif()
    long[BASE.Make] = "A" * 70_000
    for damaged in (long.tobytes()[6:], of_a_phone()[6:60], exif(1)[:30]):
        picture = read(tmp_path, png_of(STORED, (b"eXIf", damaged)))
        assert len(encode(STORED, ".jpg", exif=picture.exif)) < len(encode(STORED, ".jpg")) + 1000


def test_pillow_is_left_as_it_was(tmp_path):
    """What others import Pillow for is no matter of ours: our limit and our patience are not theirs."""
    read(tmp_path, png_of(STORED))
    assert PIL.Image.MAX_IMAGE_PIXELS and not PIL.ImageFile.LOAD_TRUNCATED_IMAGES
