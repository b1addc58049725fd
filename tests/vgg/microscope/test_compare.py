"""`python -m vgg compare`: distances that are known beforehand, and the bars that show them."""

import numpy as np
import pytest

from image_files import png_of
from microscope_command import disc, prepare
from vgg.__main__ import main
from vgg.layers import LAYERS
from vgg.microscope.compare import compare
from vgg.microscope.draw import COLOURS, LEFT, LENGTH, bar_chart
from vgg.network import VGG19
from vgg.tools.image import read_image

RELUS = [layer.name for layer in LAYERS if layer.kind == "relu"]


def test_a_picture_is_not_different_from_itself(weights):
    found = compare(VGG19(weights), disc(), disc())
    assert [each.layer for each in found] == RELUS
    assert all(each.content == each.style == 0 for each in found)


def test_distances_against_numpy(weights):
    """The second picture has another size: content sees it stretched, style as it is."""
    a, b = disc(48, 64), disc(48, 32, (10, 220, 90))
    found = {each.layer: each for each in compare(VGG19(weights), a, b)}
    stretched = b.repeat(2, axis=1)  # not what the resizing does, but nearly so for smooth pictures

    def maps_of(image):
        return {name: maps[0].numpy() for name, maps in VGG19(weights)(image[None].astype(np.float32), RELUS).items()}

    maps_a, maps_b, maps_stretched = maps_of(a), maps_of(b), maps_of(stretched)
    for name in ("relu1_1", "relu2_2", "relu4_1"):
        x, y = maps_a[name], maps_stretched[name]
        expected = np.linalg.norm(x - y) / np.hypot(np.linalg.norm(x), np.linalg.norm(y))
        assert found[name].content == pytest.approx(expected, rel=0.15)
        gram_a, gram_b = (np.einsum("yxi,yxj->ij", m[name], m[name]) / m[name][..., 0].size for m in (maps_a, maps_b))
        expected = np.linalg.norm(gram_a - gram_b) / np.hypot(np.linalg.norm(gram_a), np.linalg.norm(gram_b))
        assert found[name].style == pytest.approx(expected, rel=1e-3)


def test_moving_things_changes_content_more_than_style(weights):
    """A texture and the same moved by half its wave: other places, the same Gram matrices but for the borders."""
    x = np.tile(np.arange(96.0), (96, 1))
    a, b = (np.repeat((127 + 100 * np.sin(x / 4 + phase))[..., None], 3, axis=2) for phase in (0, np.pi))
    for each in compare(VGG19(weights), a, b)[:4]:
        assert each.content > 3 * each.style


def test_bars_are_as_long_as_their_values():
    chart = bar_chart([("first", (0.25, 1.0)), ("second", (0.0, 0.5))], ("content", "style"))
    lengths = []
    for colour in COLOURS:
        ink = (chart == colour).all(axis=2)
        ink[:20] = False  # the legend
        lengths.append(sorted({int(n) for n in ink[:, LEFT:].sum(axis=1)}))
    assert lengths[0] == [0, 1, LENGTH // 4 + 1]  # bars include both their ends
    assert lengths[1] == [0, LENGTH // 2 + 1, LENGTH + 1]


def test_table_and_chart(tmp_path, capfd):
    words = prepare(tmp_path)
    (tmp_path / "b.png").write_bytes(png_of(disc(40, 40)))
    assert main(["compare", str(tmp_path / "picture.png"), str(tmp_path / "b.png"), *words]) == 0
    out = capfd.readouterr().out
    assert "B stretched from 40 x 40 to A's 64 x 48 pixels" in out
    rows = [line.split() for line in out.splitlines() if line.startswith("relu")]
    assert [row[0] for row in rows] == RELUS
    assert all(0 < float(number) <= 1 for row in rows for number in row[1:])
    sheet = read_image(tmp_path / "out" / "sheet.png")
    assert all((sheet == colour).all(axis=2).any() for colour in COLOURS)
    assert main(["compare", str(tmp_path / "picture.png"), str(tmp_path / "picture.png"), *words]) == 0
    assert "both of one size" in capfd.readouterr().out
