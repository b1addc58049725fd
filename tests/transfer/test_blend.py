"""The strip from one style to another: its ends are the runs of each style alone."""

import cv2
import numpy as np
import pytest

from image_files import png_of
from refused_command import refused_by
from transfer.__main__ import main as transfer
from transfer.blend import main
from transfer_command import prepare
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    prepare(tmp_path)
    # A busy machine would measure now one precision as the faster one, now the other.
    monkeypatch.setattr("transfer.precision.fastest", lambda: "float32")
    noise = np.random.default_rng(2).integers(0, 256, (44, 60, 3), dtype=np.uint8)
    (tmp_path / "second.png").write_bytes(png_of(noise))
    pictures = [str(tmp_path / name) for name in ("content.png", "style.png", "second.png")]
    return [*pictures, "--weights", str(tmp_path / "tiny.mat"), "-o", str(tmp_path / "strip.png"), "--size", "32"]


def test_a_strip_goes_from_one_style_to_the_other(tmp_path, words, capfd):
    assert main([*words, "--pictures", "3", "--iterations", "8"]) == 0
    out = capfd.readouterr().out.splitlines()
    assert out[1:] == ["1/3: 1.00 : 0.00", "2/3: 0.50 : 0.50", "3/3: 0.00 : 1.00", f"written: {tmp_path / 'strip.png'}"]
    strip = read_image(tmp_path / "strip.png")
    # 360 high with 24 pixels around: the content and the three results are 480 wide, the style before them 443.
    found = [strip[24:384, left : left + 480] for left in (24 + 480 + 24 + 443 + 24 + i * 504 for i in range(3))]
    for name, picture in (("style.png", found[0]), ("second.png", found[2])):
        alone = ["--weights", words[4], "-o", str(tmp_path / "alone.png"), "--overwrite", "--size", "32"]
        alone += ["--iterations", "8", "--quiet"]
        assert transfer([words[0], str(tmp_path / name), *alone]) == 0
        alone_large = cv2.resize(read_image(tmp_path / "alone.png"), (480, 360), interpolation=cv2.INTER_CUBIC)
        assert np.abs(picture.astype(float) - alone_large).mean() < 1
    first, middle, last = (picture.astype(float) for picture in found)
    assert max(np.abs(middle - first).mean(), np.abs(middle - last).mean()) < np.abs(first - last).mean()


def test_what_is_refused(tmp_path, words, capfd):
    for more, expected in (
        (["--pictures", "1"], "'1' found, expected a whole number of 2 or more"),
        (["--pictures", "51"], "--pictures is 51, expected 2 to 50; choose fewer"),
        (["--recipe", "none"], "there is no recipe 'none'"),
        (["-o", str(tmp_path / "style.png")], "is also an input"),
    ):
        assert expected in refused_by(main, "blend", [*words, *more], capfd, tmp_path)
    twice = [words[0], "sample", "sample", *words[3:]]
    assert "both styles are 'sample', expected two" in refused_by(main, "blend", twice, capfd, tmp_path)
