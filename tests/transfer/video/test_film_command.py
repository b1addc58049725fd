"""`python -m transfer.video`: frames tied to those before, scenes, stops at any moment, and what is refused."""

import base64
import re
import shutil
import signal

import numpy as np
import pytest

from film_command import FRAMES, prepare, record, refused
from image_files import png_of
from judged_clips import clip
from transfer.__main__ import main as transfer
from transfer.apps.video import painter
from transfer.apps.video.container import open_film, write_film
from transfer.apps.video.frame_store import FrameStore
from transfer.video import main
from vgg.errors import InputError
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path) -> list[str]:
    return [*prepare(tmp_path), "--quiet"]


def film(path) -> np.ndarray:
    return np.stack(list(open_film(path).frames()))


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_film_its_record_sheet_and_loop(tmp_path, words):
    assert main([*words, "--sheet", "--loop", str(tmp_path / "out" / "loop.gif")]) == 0
    assert names(tmp_path / "out") == ["film-sheet.png", "film.json", "film.mp4", "loop.gif"]
    made = open_film(tmp_path / "out" / "film.mp4")
    assert (made.count, made.fps, made.height, made.width) == (FRAMES, 10, 48, 64)
    found = record(tmp_path)
    assert [frame["begins_scene"] for frame in found["frames"]] == [True, False, False, False, True, False]
    assert [frame["flicker"] is None for frame in found["frames"]] == [True, False, False, False, True, False]
    assert [len(found[name]["style_layers"]) for name in ("first", "further")] == [5, 5]
    temporal = [frame["losses"]["groups"]["temporal"] for frame in found["frames"]]
    assert temporal[0] == temporal[4] == 0 and min(temporal[1:4]) > 0


def test_a_page_has_the_film_itself_and_its_figures(tmp_path, words, capfd):
    assert main([*words, "--report", "--end", "0.3"]) == 0
    page, found = (tmp_path / "out" / "film-report.html").read_text(encoding="utf-8"), record(tmp_path)
    embedded = re.search('<video src="data:video/mp4;base64,([^"]+)"', page)[1]
    assert base64.b64decode(embedded) == (tmp_path / "out" / "film.mp4").read_bytes()
    assert "media-src data:" in page and str(found["flicker"]) in page and "3 frames" in page
    assert sorted(found["written"]) == ["film-report.html", "film.mp4"]
    lossless = [*words, "--report", "-o", str(tmp_path / "film2.mkv")]
    assert "which film2.mkv cannot be; let it end in .mp4 or .webm" in refused(lossless, capfd, tmp_path)


def test_the_first_frame_is_a_picture_like_any_other(tmp_path, words):
    """A lossless film has the very pixels of `python -m transfer` for that frame."""
    lossless = tmp_path / "out" / "film.mkv"
    assert main([*words, "-o", str(lossless)]) == 0
    (tmp_path / "frame.png").write_bytes(png_of(film(tmp_path / "film.mkv")[0]))
    alone = tmp_path / "alone.png"
    same = ["--weights", str(tmp_path / "tiny.mat"), "--size", "64", "--scales", "", "--precision", "float32"]
    inputs = [str(tmp_path / "frame.png"), str(tmp_path / "style.png"), "-o", str(alone)]
    assert transfer([*inputs, *same, "--iterations", "6", "--no-normalize", "--quiet"]) == 0
    np.testing.assert_array_equal(film(lossless)[0], read_image(alone))


def test_frames_hold_together(tmp_path, words):
    """At equal steps the flicker is at least halved; the style is not given up for it."""
    more = ["--iterations", "12", "--first-frame-iterations", "12", "--init", "noise"]
    assert main([*words, *more, "--independent"]) == 0
    apart = record(tmp_path)
    assert main([*words, *more, "--overwrite"]) == 0
    tied = record(tmp_path)
    assert tied["flicker"] < apart["flicker"] / 2
    assert tied["style"] < 1.1 * apart["style"]


def test_more_weight_less_flicker(tmp_path, words):
    found = []
    for weight in ("0", "20"):
        assert main([*words, "--temporal-weight", weight, "--overwrite"]) == 0
        found.append(record(tmp_path)["flicker"])
    assert found[0] > found[1] > 0


def test_killed_after_a_frame_the_film_is_the_same(tmp_path, words, monkeypatch):
    class Killed(BaseException):
        pass

    keep = FrameStore.keep
    words += ["--long-term", "1,2,3", "--colors", "luminance"]
    assert main(words) == 0
    whole = (tmp_path / "out" / "film.mp4").read_bytes()
    shutil.rmtree(tmp_path / "out")
    painted, finished = [], 3

    def kill(self, number, image, about):
        if number == finished:
            raise Killed
        return keep(self, number, image, about)

    def count(self, number, image, about):
        painted.append(number)
        return keep(self, number, image, about)

    monkeypatch.setattr(FrameStore, "keep", kill)
    with pytest.raises(Killed):
        main(words)
    monkeypatch.setattr(FrameStore, "keep", count)
    assert main([*words, "--resume"]) == 0
    assert painted == list(range(finished, FRAMES))
    assert (tmp_path / "out" / "film.mp4").read_bytes() == whole
    assert names(tmp_path / "out") == ["film.json", "film.mp4"]


def test_ctrl_c_keeps_the_finished_frames(tmp_path, words, monkeypatch, capfd):
    keep = FrameStore.keep

    def interrupted(self, number, image, about):
        if number == 2:
            signal.raise_signal(signal.SIGINT)
        return keep(self, number, image, about)

    monkeypatch.setattr(FrameStore, "keep", interrupted)
    assert main(words) == 130
    *_, last = capfd.readouterr().err.splitlines()
    folder = tmp_path / "out" / "film.mp4.frames"
    assert last == f"video: stopped; 3 frames are kept in {folder}; to go on, repeat the command with --resume"
    assert not (tmp_path / "out" / "film.mp4").exists()


def test_a_full_disk_costs_one_frame(tmp_path, words, monkeypatch, capfd):
    keep = FrameStore.keep

    def full(self, number, image, about):
        if number == 3:
            raise InputError("the disk is full (No space left on device)")
        return keep(self, number, image, about)

    monkeypatch.setattr(FrameStore, "keep", full)
    assert main(words) == 2
    assert capfd.readouterr().err == "video: the disk is full (No space left on device)\n"
    monkeypatch.setattr(FrameStore, "keep", keep)
    assert main([*words, "--resume"]) == 0


def test_other_settings_are_refused_and_with_overwrite_it_begins_anew(tmp_path, words, capfd):
    assert main([*words, "--keep-frames"]) == 0
    assert "has 6 finished frames of this very film; go on with --resume, or begin anew" in refused(
        words, capfd, tmp_path
    )
    line = refused([*words, "--resume", "--seed", "4"], capfd, tmp_path)
    assert "was made with other settings (seed was 0 and is now 4); use the same, name another file" in line
    assert main([*words, "--seed", "4", "--init", "noise", "--overwrite"]) == 0
    assert names(tmp_path / "out") == ["film.json", "film.mp4"]


def test_from_a_folder_to_a_folder(tmp_path, words):
    """The frames of a part of it; they stay, and nothing else does."""
    source, target = tmp_path / "frames", tmp_path / "painted"
    source.mkdir()
    for number, frame in enumerate(film(tmp_path / "film.mkv")):
        (source / f"f{number + 8}.png").write_bytes(png_of(frame))  # 8, 9, 10: not the alphabet's order
    words[0], words[words.index("-o") + 1] = str(source), str(target)
    part = ["--start", "0.05", "--end", "0.16"]  # 24 frames a second: those shown at 0.042, 0.083 and 0.125 s
    assert main([*words, *part]) == 0
    assert names(target) == ["00001.png", "00002.png", "00003.png"]
    assert main([*words, *part, "--resume"]) == 2, "there is nothing to go on from, but something else in it"


def test_every_second_frame_at_its_own_speed(tmp_path, words):
    assert main([*words, "--every", "2"]) == 0
    made = open_film(tmp_path / "out" / "film.mp4")
    assert (made.count, made.fps) == (3, 5)


def test_progress_has_frames_losses_and_what_is_left(tmp_path, words, capfd):
    assert main([word for word in words if word != "--quiet"]) == 0
    out = capfd.readouterr().out.splitlines()
    lines = [line for line in out if line.startswith("frame ")]
    assert lines[0].startswith(f"frame 1/{FRAMES}  64 px  loss ") and lines[0].endswith(" left")
    assert (
        "(a scene begins)" in lines[0] and "temporal" in lines[1] and lines[-1].startswith(f"frame {FRAMES}/{FRAMES}")
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda words, folder: [words[1], *words[1:]], "is a picture, expected a video or a folder of frames"),
        (lambda words, folder: [words[0], words[0], *words[2:]], "expected a picture"),
        (lambda words, folder: [str(folder / "none.mp4"), *words[1:]], "does not exist"),
        (lambda words, folder: [str(folder / "bad.mp4"), *words[1:]], "is no video that can be read, expected one"),
        (lambda words, folder: [*words, "-o", str(folder / "film.xyz")], "ends in '.xyz', expected one of .mp4"),
        (lambda words, folder: [*words, "-o", words[0]], "is also an input"),
        (lambda words, folder: [*words, "--end", "0.05"], "one frame is chosen, expected a film of two at least"),
        (lambda words, folder: [*words, "--start", "9"], "but the film has only 0.6; choose an earlier start"),
        (lambda words, folder: [*words, "--full-size"], "--full-size is for single pictures, not for a film"),
        (lambda words, folder: [*words, "--temporal-weight", "-1"], "--temporal-weight is -1, expected 0 to 1e6"),
        (lambda words, folder: [*words, "--long-term", "1,x"], "--long-term is '1,x', expected frames back from 1"),
        (lambda words, folder: [*words, "--long-term", "0"], "--long-term is '0', expected"),
        (lambda words, folder: [*words, "--fps", "0"], "--fps is 0, expected 0.1 to 1000"),
        (lambda words, folder: [*words, "--loop", str(folder / "loop.mp4")], "ends in '.mp4', expected"),
    ],
)
def test_refused_before_the_first_frame(tmp_path, words, capfd, monkeypatch, change, expected):
    monkeypatch.setattr(painter, "paint_missing", None)
    (tmp_path / "bad.mp4").write_bytes(bytes(4) + b"ftypisom" + bytes(100))
    assert expected in refused(change(words, tmp_path), capfd, tmp_path)


def test_a_preview_is_the_film_as_far_as_it_is(tmp_path, words, capfd, monkeypatch):
    preview, seen = tmp_path / "out" / "film-preview.mp4", []
    real = painter.write_film

    def write_film(path, frames, *given):
        real(path, frames, *given)
        seen.append((path.name, open_film(path).count))

    monkeypatch.setattr(painter, "write_film", write_film)
    assert main([*words, "--preview-every", "2"]) == 0
    assert seen == [("film-preview.mp4", 2), ("film-preview.mp4", 4), ("film-preview.mp4", 6), ("film.mp4", 6)]
    assert not preview.exists()
    preview.write_bytes(b"mine")
    line = refused([*words, "--preview-every", "2", "--iterations", "3"], capfd, tmp_path)
    assert "film-preview.mp4 exists" in line and preview.read_bytes() == b"mine"
    line = refused([*words, "--preview-every", "2", "-o", str(tmp_path / "frames")], capfd, tmp_path)
    assert "shows its frames as they come" in line


@pytest.mark.parametrize(("statistic", "most"), [("gram", 2), ("neighbours", 1)])
def test_what_comes_in_has_a_style_loss_if_there_are_regions(tmp_path, words, monkeypatch, statistic, most):
    write_film(tmp_path / "film.mkv", clip("pan", 3, 0.5).images, 10.0)
    real, regions = painter.Session.run, []

    def run(self, job, *rest):
        regions.append(len(job.images.regions))
        return real(self, job, *rest)

    monkeypatch.setattr(painter.Session, "run", run)
    short = ["--style-layers", "relu1_1", "--iterations", "1", "--first-frame-iterations", "1"]
    assert main([*words, *short, "--style-statistic", statistic, "--overwrite"]) == 0
    assert regions == [1, most, most]
