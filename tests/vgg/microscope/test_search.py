"""`python -m vgg search` on pictures made by code, whose neighbours are known, and what it keeps between runs."""

import subprocess
import sys

import numpy as np
import pytest

from image_files import png_of
from microscope_command import ROOT, disc, prepare, refused
from vgg.__main__ import main
from vgg.microscope.search import image_features, relative_distance
from vgg.network import VGG19


def stripes(angle: float, phase: float) -> np.ndarray:
    """uint8 (64, 64, 3): grey waves 8 pixels long, their crests turned by an angle."""
    y, x = np.mgrid[:64, :64]
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / 8 + phase)
    return np.repeat(127.5 + 120 * wave[..., None], 3, axis=2).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Pictures from nearest to furthest of `query.png`, by name in another order."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "query.png").write_bytes(png_of(stripes(0.0, 0.0)))
    (folder / "d_same_shifted.png").write_bytes(png_of(stripes(0.0, np.pi)))
    (folder / "c_a_little_turned.png").write_bytes(png_of(stripes(0.25, 1.0)))
    (folder / "b_more_turned.png").write_bytes(png_of(stripes(0.7, 2.0)))
    (folder / "a_across.png").write_bytes(png_of(stripes(np.pi / 2, 0.0)))
    (folder / "notes.txt").write_text("not a picture, and not called one")
    return folder


NEAREST_FIRST = ["d_same_shifted.png", "c_a_little_turned.png", "b_more_turned.png", "a_across.png"]


def words_for(tmp_path, folder, *more):
    return ["search", str(folder / "query.png"), str(folder), "--layer", "relu2_1", *prepare(tmp_path), *more]


def found_by(words, capfd) -> tuple[list[str], list[float], str]:
    """The pictures and distances in the order of the list, and the line on what was computed."""
    capfd.readouterr()
    assert main(words) == 0
    lines = capfd.readouterr().out.splitlines()
    table = [line.split() for line in lines[lines.index("distance  picture") + 1 : -1]]
    return [name for _, name in table], [float(number) for number, _ in table], lines[1]


@pytest.mark.parametrize("by", ["content", "style"])
def test_neighbours_in_their_order(tmp_path, folder, capfd, by):
    names, distances, _ = found_by(words_for(tmp_path, folder, "--by", by), capfd)
    assert names == NEAREST_FIRST
    assert distances == sorted(distances) and distances[0] < distances[1] / 2 and distances[-1] <= 1
    names, _, _ = found_by(words_for(tmp_path, folder, "--by", by, "--top", "2"), capfd)
    assert names == NEAREST_FIRST[:2]


def test_features_against_numpy(weights):
    network, image = VGG19(weights), disc()
    maps = network(image[None].astype(np.float32), ["relu3_1"])["relu3_1"].numpy()[0].astype(np.float64)
    positions = maps.shape[0] * maps.shape[1]
    content = image_features(network, image, "relu3_1", "content")
    np.testing.assert_allclose(content, maps.sum(axis=(0, 1)) / positions, rtol=1e-4)
    gram = np.einsum("yxi,yxj->ij", maps, maps) / positions
    np.testing.assert_allclose(image_features(network, image, "relu3_1", "style"), gram, rtol=1e-4)


def test_relative_distance():
    assert relative_distance(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == 0
    assert relative_distance(np.array([3.0, 0.0]), np.array([0.0, 7.0])) == 1
    assert relative_distance(np.zeros(3), np.zeros(3)) == 0
    assert relative_distance(np.array([2.0]), np.array([1.0])) == pytest.approx((1 / 5) ** 0.5)
    assert relative_distance(np.float32([2e8]), np.float32([1e8])) == pytest.approx((1 / 5) ** 0.5)


def test_only_what_is_new_or_changed_is_computed(tmp_path, folder, capfd):
    words = words_for(tmp_path, folder)
    first = found_by(words, capfd)
    again = found_by(words, capfd)
    assert first[:2] == again[:2]
    assert first[2].startswith("features: 5 computed, 0 known ") and again[2].startswith(
        "features: 0 computed, 5 known "
    )
    (folder / "e_copy.png").write_bytes((folder / "b_more_turned.png").read_bytes())
    assert found_by(words, capfd)[2].startswith("features: 0 computed, 6 known "), "what counts is the content"
    (folder / "b_more_turned.png").write_bytes(png_of(stripes(1.0, 0.0)))
    assert found_by(words, capfd)[2].startswith("features: 1 computed, 5 known ")
    for other in (["--layer", "relu2_2"], ["--size", "32"], ["--by", "style"]):
        assert found_by([*words, *other], capfd)[2].startswith("features: 6 computed")


def test_what_is_known_needs_no_tensorflow(tmp_path, folder, capfd):
    words = words_for(tmp_path, folder)
    found_by(words, capfd)
    program = f"import sys; from vgg.__main__ import main; main({words!r}); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse\n") and "0 computed" in done.stdout


def test_a_damaged_picture_is_skipped_with_a_line(tmp_path, folder, capfd):
    whole = png_of(stripes(0.5, 0.0))
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    assert main(words_for(tmp_path, folder)) == 0
    skipped = [line for line in capfd.readouterr().out.splitlines() if line.startswith("skipped: ")]
    assert [line.split()[1] for line in skipped] == [str(folder / "cut.png"), str(folder / "empty.jpg")]


def test_its_own_sheet_is_not_searched_next_time(tmp_path, folder, capfd, monkeypatch):
    folder = folder.rename(tmp_path / "output")
    monkeypatch.chdir(tmp_path)
    words = words_for(tmp_path, folder)
    words = [word for word in words if word not in ("-o", str(tmp_path / "out" / "sheet.png"))]
    for _ in range(3):
        assert found_by(words, capfd)[0] == NEAREST_FIRST
    assert (folder / "search.png").exists() and (folder / "search-3.png").exists()


def test_without_a_home_it_is_kept_among_temporary_files(tmp_path, folder, capfd, monkeypatch):
    """As for `docker run -u 1234`: no HOME, and no entry for the user in /etc/passwd."""

    def no_entry(number):
        raise KeyError(number)

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", no_entry)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    names, _, line = found_by(words_for(tmp_path, folder), capfd)
    kept = f"known from {tmp_path / 'temporary' / 'vgg-microscope'}"
    assert names == NEAREST_FIRST and line == f"features: 5 computed, 0 {kept}"
    assert found_by(words_for(tmp_path, folder), capfd)[2] == f"features: 0 computed, 5 {kept}"


def test_a_table_stays_one_whatever_the_names_hold(tmp_path, folder, capfd):
    (folder / "a_across.png").rename(folder / "a\n\x1b[31m.png")
    assert main(words_for(tmp_path, folder)) == 0
    out = capfd.readouterr().out
    assert r"  a\n\x1b[31m.png" in out and all(line.isprintable() for line in out.splitlines())


def test_refusals(tmp_path, folder, capfd):
    words = words_for(tmp_path, folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no picture directly" in refused([*words[:2], str(empty), *words[3:]], capfd, tmp_path)
    assert "expected a folder" in refused([*words[:2], str(folder / "a_across.png"), *words[3:]], capfd, tmp_path)
    assert "does not exist" in refused([words[0], str(tmp_path / "no.png"), *words[2:]], capfd, tmp_path)
    assert "is also an input" in refused([*words, "-o", str(folder / "a_across.png")], capfd, tmp_path)
