"""Scenes, side by side: where they begin, and in any order the same bytes; on workers see `test_workers`."""

import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from film_command import FRAMES, prepare, refused
from judged_clips import clip
from transfer.apps.video import painter
from transfer.video import main
from vgg.tools.image import read_image

DASK = pytest.mark.skipif(find_spec("distributed") is None, reason="needs Dask")


@pytest.fixture
def words(tmp_path) -> list[str]:
    """A film of two scenes, as a folder of frames."""
    return [*prepare(tmp_path), "-o", str(tmp_path / "out" / "frames"), "--quiet"]


def results(folder) -> list[np.ndarray]:
    return [read_image(folder / "out" / "frames" / f"{number + 1:05}.png") for number in range(FRAMES)]


@DASK
def test_a_scene_ends_with_a_cut_and_not_with_a_flash():
    from transfer.apps.video.scenes import scenes_of

    assert scenes_of(clip("cut", 8, 0.5).images, (1,)) == [range(4), range(4, 8)]
    assert scenes_of(clip("flash", 8, 0.5).images, (1,)) == [range(8)]
    assert scenes_of(clip("pan", 3, 0.5).images, (1, 2)) == [range(3)]


class Painters:
    """Two workers; the one that was given a frame last is always the first to finish, but for the second frame."""

    def __init__(self, session):
        self.session, self.in_work, self.order = session, [], []

    def count(self) -> int:
        return 2

    def submit(self, do, name, job) -> int:
        self.in_work.append((name, job))
        assert len(self.in_work) <= 2
        return name

    def next(self) -> str:
        self.order.append(self.in_work[0 if len(self.order) == 1 else -1])
        self.in_work.remove(self.order[-1])
        return self.order[-1][0]

    def result(self, future: str):
        return self.session.run(self.order[-1][1])


@DASK
def test_the_scenes_side_by_side_give_the_same_frames(tmp_path, words, monkeypatch):
    """The second scene is finished first."""
    from transfer.apps.video.scenes import painted_by

    assert main(words) == 0
    expected, made = results(tmp_path), []

    def paint_missing(run, session, *given):
        painters = Painters(session)
        made.extend(painted_by(painters, run, [range(4), range(4, FRAMES)]))
        return run.outputs.store.count()

    monkeypatch.setattr(painter, "paint_missing", paint_missing)
    (tmp_path / "out" / "frames.json").unlink()
    shutil.rmtree(tmp_path / "out" / "frames")
    assert main(words) == 0
    assert made == [4, 0, 1, 2, 3, 5]
    for found, of_one in zip(results(tmp_path), expected, strict=True):
        np.testing.assert_array_equal(found, of_one)


def test_a_film_with_a_gap_goes_on_in_the_gap(tmp_path, words, monkeypatch):
    """As it is when workers were stopped; only what is missing is painted."""

    def stop(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(painter, "write_results", stop)
        assert main(words) == 130
    expected, folder = results(tmp_path), tmp_path / "out" / "frames"
    for name in ("00002.png", "00003.png"):
        (folder / name).unlink()
    real, painted = painter.Session.run, []
    monkeypatch.setattr(painter.Session, "run", lambda *given: painted.append(1) or real(*given))
    assert main([*words, "--resume"]) == 0
    assert len(painted) == 2
    for found, of_one in zip(results(tmp_path), expected, strict=True):
        np.testing.assert_array_equal(found, of_one)


def test_workers_are_refused_in_one_line(tmp_path, words, capfd):
    assert "choose one of them" in refused([*words, "--workers", "1", "--scheduler", "tcp://a:1"], capfd, tmp_path)
    if find_spec("distributed"):
        line = refused([*words, "--scheduler", "tcp://a:1", "--max-memory", "2GB"], capfd, tmp_path)
        assert "--max-memory is for this machine" in line
