"""`python -m vgg atlas`: the page, what a repeated command computes, and where the strongest patches are."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from image_files import png_of
from microscope_command import ROOT, disc, prepare, refused
from tiny_network import tiny_weights
from vgg.__main__ import main
from vgg.layers import receptive_field
from vgg.matfile.read import Conv
from vgg.matfile.write import write
from vgg.microscope import filters
from vgg.microscope.ascent import Stimulus
from web_page import decoded, read_page, require_self_contained

COUNTS = {layer: conv.bias.size for layer, conv in tiny_weights().convolutions.items()}


#: As it is; in most tests what ascent finds does not matter.
MAXIMIZE = filters.maximize


def drawn(network, layer, numbers, seed):
    """In the place of ascent: a picture for each number, at once."""
    yield [Stimulus(0.0, 1.0, np.full((80, 80, 3), 10.0 * number)) for number in numbers]


@pytest.fixture(autouse=True)
def no_ascent(monkeypatch):
    monkeypatch.setattr(filters, "maximize", drawn)


def words_for(folder, layers: str, *more: str) -> list[str]:
    words = prepare(folder)
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    (pictures / "disc.png").write_bytes(png_of(disc()))
    return ["atlas", *words[:-1], str(folder / "out"), "--layers", layers, *more]


def run(words: list[str], capfd):
    """Run the command; the page, and the line on what was computed."""
    assert main(words) == 0
    lines = capfd.readouterr().out.splitlines()
    return read_page(page_in(words).read_text(encoding="utf-8")), lines[-2]


def page_in(words: list[str]) -> Path:
    return Path(words[words.index("-o") + 1]) / "index.html"


def channels_of(tree) -> dict[str, list[str]]:
    """The channels of each layer's section, in the order of the page."""
    return {
        section.all("h2")[0].text(): [caption.all("strong")[0].text() for caption in section.all("figcaption")]
        for section in tree.all("section")
    }


def forbidden(*arguments):
    raise AssertionError("everything is known already")


def test_the_page_holds_every_channel_once_and_nothing_from_elsewhere(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(filters, "ITERATIONS", 2)
    monkeypatch.setattr(filters, "maximize", MAXIMIZE)
    words = words_for(tmp_path, "conv2_1,conv1_1", "--pictures", str(tmp_path / "pictures"), "--channels", "all")
    tree, line = run(words, capfd)
    require_self_contained(tree)
    assert not tree.all("script") and tree.all("title")[0].text() == "Atlas of VGG-19: tiny, for tests"
    expected = {layer: [str(channel) for channel in range(COUNTS[layer])] for layer in ("conv1_1", "conv2_1")}
    assert channels_of(tree) == expected and list(channels_of(tree)) == list(expected), "from the image upwards"
    assert "A position sees 10 × 10 pixels" in tree.all("section")[1].text()
    pictures = tree.all("img")
    assert len({image["alt"] for image in pictures}) == len(pictures) and all(decoded(each).size for each in pictures)
    assert line.startswith("layers: 2 computed, 0 known")
    assert channels_of(run([*words, "--channels", "2"], capfd)[0]) == {"conv1_1": ["0", "1"], "conv2_1": ["0", "1"]}


def test_a_second_run_computes_nothing_and_a_new_layer_only_itself(tmp_path, capfd, monkeypatch):
    words = words_for(tmp_path, "conv2_1,conv1_1", "--pictures", str(tmp_path / "pictures"))
    run(words, capfd)
    first = page_in(words).read_bytes()
    asked = []
    monkeypatch.setattr(filters, "maximize", forbidden)
    assert run(words, capfd)[1].startswith("layers: 0 computed, 2 known")
    assert page_in(words).read_bytes() == first

    def recorded(network, layer, *more):
        asked.append(layer)
        return drawn(network, layer, *more)

    monkeypatch.setattr(filters, "maximize", recorded)
    tree, _ = run([*words, "--layers", "conv1_2,conv2_1,conv1_1"], capfd)
    assert list(channels_of(tree)) == ["conv1_1", "conv1_2", "conv2_1"] and asked == ["conv1_2"]
    for changed in (["--seed", "1"], ["--size", "32"], ["--channels", "1"]):
        assert run([*words, *changed], capfd)[1].startswith("layers: 2 computed"), changed
    (tmp_path / "pictures" / "disc.png").write_bytes(png_of(disc(colour=(0, 200, 0))))
    assert run(words, capfd)[1].startswith("layers: 2 computed")


def test_what_is_known_needs_no_tensorflow(tmp_path, capfd):
    words = words_for(tmp_path, "conv1_1")
    run(words, capfd)
    program = f"import sys; from vgg.__main__ import main; main({words!r}); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse\n") and "0 computed" in done.stdout


def test_a_damaged_part_is_made_anew(tmp_path, capfd):
    words = words_for(tmp_path, "conv1_1,conv1_2")
    run(words, capfd)
    page = page_in(words).read_bytes()
    part = next((tmp_path / "out" / "parts").glob("conv1_2-*"))
    whole = part.read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:-20], b"", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
        part.write_bytes(damaged)
        assert run(words, capfd)[1].startswith("layers: 1 computed, 1 known")
        assert part.read_bytes() == whole and page_in(words).read_bytes() == page


def test_a_stopped_run_goes_on(tmp_path, capfd, monkeypatch):
    words = words_for(tmp_path, "conv1_1,conv1_2")

    def stops(network, layer, *more):
        if layer == "conv1_2":
            raise KeyboardInterrupt
        return drawn(network, layer, *more)

    monkeypatch.setattr(filters, "maximize", stops)
    assert main(words) == 130
    tree = read_page(page_in(words).read_text(encoding="utf-8"))
    assert list(channels_of(tree)) == ["conv1_1"] and "Not finished: conv1_2." in tree.text()
    monkeypatch.setattr(filters, "maximize", drawn)
    tree, line = run(words, capfd)
    assert line.startswith("layers: 1 computed, 1 known") and "Not finished" not in tree.text()


def test_the_strongest_patches_are_where_the_pattern_is(tmp_path, capfd):
    """Channel 0 looks for red, channel 1 for blue. One picture has a red dot, another a weaker one; none has blue."""
    words = words_for(tmp_path, "conv1_1", "--channels", "2", "--pictures", str(tmp_path / "pictures"))
    kernel = np.zeros((3, 3, 3, 4), np.float32)
    kernel[1, 1, :, 0], kernel[1, 1, :, 1] = (1, -1, 0), (0, -1, 1)
    weights = tiny_weights()
    convolutions = weights.convolutions | {"conv1_1": Conv(kernel, np.full(4, -30, np.float32))}
    write(tmp_path / "tiny.mat", replace(weights, convolutions=convolutions))
    for name, red in {"strong": 255, "weak": 230, "weaker": 200, "weakest": 180}.items():
        image = np.full((40, 60, 3), 100, np.uint8)
        image[17, 31] = red, 0, 0
        image[17, 32] = 60, 70, 80
        image[0, 0] = 255, 0, 0  # at the border, which does not count
        (tmp_path / "pictures" / f"{name}.png").write_bytes(png_of(image))
    (tmp_path / "pictures" / "disc.png").write_bytes(png_of(np.full((40, 60, 3), 100, np.uint8)))
    first, second = run(words, capfd)[0].all("li")
    patches = first.all("div", "patches")[0].all("img")
    names = [re.search(r"part of (\w+)\.png", patch["alt"])[1] for patch in patches]
    assert names == ["strong", "weak", "weaker"]
    size = receptive_field("conv1_1").size
    for patch, red in zip(patches, (255, 230, 200), strict=True):
        pixels = decoded(patch)
        assert pixels.shape == (size, size, 3)
        np.testing.assert_array_equal(pixels[1, 1:], [[red, 0, 0], [60, 70, 80]])
        assert (pixels[[0, 2]] == 100).all() and (pixels[1, 0] == 100).all()
    assert not second.all("div", "patches") and "nothing in the pictures activates it" in second.text()


def test_a_picture_that_cannot_be_used_is_skipped_once(tmp_path, capfd):
    words = words_for(tmp_path, "conv1_1,conv1_2", "--pictures", str(tmp_path / "pictures"))
    (tmp_path / "pictures" / "cut.png").write_bytes(png_of(disc())[:200])
    assert main(words) == 0
    skipped = [line for line in capfd.readouterr().out.splitlines() if line.startswith("skipped: ")]
    assert len(skipped) == 1 and "cut.png" in skipped[0]


def test_names_cannot_become_tags(tmp_path, capfd):
    words = words_for(tmp_path, "conv1_1", "--pictures", str(tmp_path / "pictures"))
    name = "<img src=x onerror=alert(1)>\"'&.png"
    (tmp_path / "pictures" / "disc.png").rename(tmp_path / "pictures" / name)
    tree, _ = run(words, capfd)
    require_self_contained(tree)
    assert any(f"part of {name}" in image["alt"] for image in tree.all("img"))


def test_what_else_is_in_the_folder_stays(tmp_path, capfd):
    words = words_for(tmp_path, "conv1_1")
    (tmp_path / "out" / "parts").mkdir(parents=True)
    mine = [tmp_path / "out" / "photo.jpg", tmp_path / "out" / "parts" / "conv1_1.json.gz"]
    for path in mine:
        path.write_text("mine")
    run(words, capfd)
    assert [path.read_text() for path in mine] == ["mine", "mine"]
    page_in(words).write_text("<html><title>My holidays</title></html>")
    assert "index.html is another page" in refused(words, capfd, tmp_path)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--layers", "conv1_1,relu1_1"], "--layers has relu1_1, which has no filters, expected convolutions"),
        (["--layers", "conv1_1,conv1_1"], "--layers has conv1_1 more than once"),
        (["--layers", "conv9_1"], "there is no layer 'conv9_1'"),
        (["--layers", ""], "there is no layer ''"),
        (["--channels", "0"], "whole number of 1 or more, or all"),
        (["--channels", "some"], "'some' found, expected a whole number of 1 or more, or all"),
        (["--pictures", "EMPTY"], "holds no picture directly"),
        (["--pictures", "absent"], "expected a folder with pictures"),
        (["--pictures", "DAMAGED"], "no picture of the folder --pictures can be used"),
        (["-o", "FILE"], "index.html cannot be written"),
        (["-o", ""], "'' found, expected the name of a file"),
    ],
)
def test_refusals(tmp_path, capfd, monkeypatch, more, line):
    words = words_for(tmp_path, "conv1_1")
    monkeypatch.setattr("vgg.microscope.atlas.start_tensorflow", forbidden)
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "a.png").write_bytes(png_of(disc())[:100])
    places = {"EMPTY": "empty", "DAMAGED": "damaged", "FILE": "picture.png"}
    more = [str(tmp_path / places[word]) if word in places else word for word in more]
    assert line in refused([*words, *more], capfd, tmp_path)
