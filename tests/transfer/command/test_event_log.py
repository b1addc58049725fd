"""The log for TensorBoard: numbers as in the record, images as in the series; a full disk costs the log only."""

import json
import shutil
from contextlib import closing
from importlib.util import find_spec

import numpy as np
import pytest

from event_file import values_of
from transfer.__main__ import main
from transfer.cli import run
from transfer.cli.watchers import EventLog
from transfer.losses import Losses
from transfer.train import Step, train
from transfer_command import prepare, refused
from vgg.tools.image import read_image

IMAGE = "best image so far"
TENSORBOARD = pytest.mark.skipif(find_spec("tensorboard") is None, reason="needs TensorBoard")


@pytest.fixture
def words(tmp_path) -> list[str]:
    """The words of a short run."""
    return [*prepare(tmp_path), "--quiet", "--precision", "float32", "--log-dir", str(tmp_path / "logs")]


@TENSORBOARD
def test_every_number_of_the_record_is_there(tmp_path, words):
    assert main([*words, "--scales", "32", "--size", "64", "--iterations", "3"]) == 0
    found = values_of(tmp_path / "logs" / "result")
    steps = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["steps"]
    wanted = {f"loss/{name}": [step[name] for step in steps] for name in ("total", "content", "style", "tv")}
    for name in steps[0]["layers"]:
        wanted["/".join(name.split())] = [step["layers"][name] for step in steps]
    wanted |= {f"step/{name}": [step[name] for step in steps] for name in ("evaluations", "size")}
    wanted["step/seconds"] = np.diff([0.0] + [step["seconds"] for step in steps])
    assert {"content/relu4_2", "style/relu1_1"} < set(wanted) and len(wanted) == 4 + 2 + 5 + 3
    assert set(found) == set(wanted) | {IMAGE}
    for tag, values in wanted.items():
        assert list(found[tag]) == [1, 2, 3, 4, 5, 6]
        np.testing.assert_array_equal(list(found[tag].values()), np.float32(values), err_msg=tag)


@TENSORBOARD
def test_the_images_are_those_of_the_series(tmp_path, words):
    """22 steps in two sizes: the first, each third, and the last of the first size, which is no third."""
    options = ["--scales", "32", "--size", "64", "--iterations", "11", "--save-every", "1", "--colors", "luminance"]
    assert main([*words, *options]) == 0
    images = values_of(tmp_path / "logs" / "result")[IMAGE]
    assert list(images) == [1, 3, 6, 9, 11, 12, 15, 18, 21, 22]
    for step, image in images.items():
        np.testing.assert_array_equal(image, read_image(tmp_path / "out" / f"result-{step:04}.png"))
        assert image.shape == ((24, 32, 3) if step <= 11 else (48, 64, 3))


@TENSORBOARD
def test_each_run_has_a_folder_of_its_own(tmp_path, words):
    """An older log stays as it is; a file of that name is not in the way."""
    assert main(words) == 0
    (old,) = (tmp_path / "logs" / "result").iterdir()
    before = old.read_bytes()
    (tmp_path / "logs" / "result-2").write_text("mine")
    assert main(words) == 0
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"result", "result-2", "result-3"}
    assert old.read_bytes() == before and list((tmp_path / "logs" / "result").iterdir()) == [old]
    assert len(values_of(tmp_path / "logs" / "result-3")["loss/total"]) == 5


@TENSORBOARD
def test_without_the_option_there_is_no_log_and_the_same_picture(tmp_path, words):
    assert main(words) == 0
    picture = (tmp_path / "out" / "result.png").read_bytes()
    shutil.rmtree(tmp_path / "logs")
    assert main(words[:-2]) == 0
    assert not (tmp_path / "logs").exists()
    assert (tmp_path / "out" / "result.png").read_bytes() == picture


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("content.png", "content.png (Not a directory)"),
        ("content.png/below", "content.png (Not a directory)"),
        ("nowhere/logs", "nowhere (No such file or directory)"),
        ("out/result.png", "result.png will be a file of this run"),
        ("out/result.json/below", "result.json will be a file of this run"),
        ("x" * 300, "File name too long"),
        ("/proc/logs", "no file can be made in the folder /proc"),
        ("", "expected the name of a"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_before(tmp_path, words, capfd, monkeypatch, folder, expected):
    monkeypatch.setattr(run, "train", None)
    (tmp_path / "nowhere").symlink_to(tmp_path / "not mounted")
    line = refused([*words[:-1], str(tmp_path / folder) if folder else ""], capfd, tmp_path)
    assert expected in line


@TENSORBOARD
def test_a_folder_lost_during_the_run_costs_the_log_only(tmp_path, words, capfd, monkeypatch):
    def train_and_lose(phases, start, watch, keep):
        def watch_and_lose(step, image):
            watch(step, image)
            if step.step == 2:
                shutil.rmtree(tmp_path / "logs")

        return train(phases, start, watch_and_lose, keep)

    monkeypatch.setattr(run, "train", train_and_lose)
    assert main(words) == 0
    assert read_image(tmp_path / "out" / "result.png").shape == (24, 32, 3)
    err = capfd.readouterr().err
    assert err.startswith(f"transfer: {tmp_path / 'logs' / 'result'}") and err.count("\n") == 1
    assert "(No such file or directory); the run goes on without its log" in err


def step_of(number: int, size: int = 32, seconds: float | None = None) -> Step:
    """A step with terms of all kinds: with a region, of another group, and one that is a group of its own."""
    terms = {"style relu1_1 white": 1.5, "style relu1_1 black": 2.0, "edges": 0.25, "tv": 4.0}
    losses = Losses(7.75, {"style": 3.5, "edges": 0.25, "tv": 4.0}, terms)
    return Step(number, number + 1, 2.0 * number if seconds is None else seconds, losses, size, "float32", 0.0)


def image_of(number: int) -> np.ndarray:
    """Noise, which PNG cannot make smaller, of 32 × 24 pixels."""
    return np.random.default_rng(number).integers(0, 256, (24, 32, 3)).astype(np.float32)


@TENSORBOARD
def test_terms_with_regions_and_groups_of_one_term_have_one_tag_each(tmp_path):
    with closing(EventLog(tmp_path / "log", lambda image: image, 10)) as log:
        log(step_of(1), image_of(1))
    found = {tag: float(values[1]) for tag, values in values_of(tmp_path / "log").items() if tag != IMAGE}
    losses = {"loss/total": 7.75, "loss/style": 3.5, "loss/edges": 0.25, "loss/tv": 4.0}
    terms = {"style/relu1_1 white": 1.5, "style/relu1_1 black": 2.0}
    assert found == losses | terms | {"step/evaluations": 2, "step/size": 32, "step/seconds": 2}


@TENSORBOARD
def test_a_run_that_goes_on_and_is_stopped_again(tmp_path):
    """The first and the last image are there; how long the first step took is not known."""
    with closing(EventLog(tmp_path / "log", lambda image: 255 - image, 10)) as log:
        for number in (7, 8, 9):
            log(step_of(number), image_of(number))
    found = values_of(tmp_path / "log")
    assert found["step/seconds"] == {8: 2, 9: 2}
    assert list(found[IMAGE]) == [7, 9]
    np.testing.assert_array_equal(found[IMAGE][9], 255 - image_of(9))


@TENSORBOARD
def test_a_step_can_be_read_as_soon_as_it_is_done(tmp_path):
    with closing(EventLog(tmp_path / "log", lambda image: image, 10)) as log:
        for number in (1, 2):
            log(step_of(number), image_of(number))
            found = values_of(tmp_path / "log")
            assert all(number in values for tag, values in found.items() if tag != IMAGE) and 1 in found[IMAGE]


def test_a_run_without_a_step_leaves_no_folder(tmp_path):
    with closing(EventLog(tmp_path / "logs" / "log", lambda image: image, 10)):
        pass
    assert not (tmp_path / "logs").exists()


@TENSORBOARD
def test_a_full_disk_is_said_once(tmp_path, capsys):
    """A limit on the size of files stands for the disk. Noise of 24 × 32 pixels has 2.3 kB, a step's scalars 1 kB."""
    resource = pytest.importorskip("resource")  # not on Windows
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, before[1]))
    try:
        with closing(EventLog(tmp_path / "log", lambda image: image, 1)) as log:
            for number in (1, 2):
                log(step_of(number), image_of(number))
            assert list(values_of(tmp_path / "log")[IMAGE]) == [1, 2] and capsys.readouterr().err == ""
            for number in (3, 4, 5, 6):
                log(step_of(number), image_of(number))
            said = capsys.readouterr().err
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (file,) = (tmp_path / "log").iterdir()
    assert said.startswith(f"transfer: {file} cannot be written (") and said.count("\n") == 1
    assert said.endswith("); the run goes on without its log\n") and "{" not in said
    assert capsys.readouterr().err == ""


def test_without_tensorboard_it_is_said_how_to_get_it(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    line = refused(words, capfd, tmp_path)
    assert "TensorBoard is not installed" in line and line.endswith("-m pip install tensorboard\n")
