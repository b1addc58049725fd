"""A run that is stopped at any moment goes on to the bytes that it would have had without the stop."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from low_precision import needs_bfloat16
from transfer.__main__ import main
from transfer.cli import checkpoints, run
from transfer.train import train
from transfer_command import prepare, refused
from vgg.errors import InputError

pytestmark = needs_bfloat16

STEPS = 4  # at each of two sizes; in bfloat16 all but the last


@pytest.fixture
def words(tmp_path) -> list[str]:
    sizes = ["--size", "64", "--scales", "32", "--iterations", str(STEPS), "--precision", "bfloat16"]
    return [*prepare(tmp_path), *sizes, "--quiet", "--checkpoint-every", "1"]


class Killed(BaseException):
    """What stands for a kill -9 inside this process: nothing of ours catches it."""


@pytest.fixture
def kill_after(monkeypatch):
    """Let the run end like a killed one after a step; it may have written its state, but nothing else."""

    def wanted(step_number):
        def train_killed(phases, start, watch, keep):
            def killed(step, image):
                watch(step, image)
                if step.step == step_number:
                    raise Killed

            return train(phases, start, killed, keep)

        monkeypatch.setattr(run, "train", train_killed)

    yield wanted


def results(folder) -> tuple[bytes, list]:
    """The picture, and its record's steps without their times."""
    record = json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))
    steps = [{name: step[name] for name in step if name != "seconds"} for step in record["steps"]]
    return (folder / "out" / "result.png").read_bytes(), [record["losses"], record["stopped"], *steps]


@pytest.mark.parametrize(
    ("optimizer", "steps"),
    [
        ("l-bfgs-smooth", (1, STEPS, STEPS + 1, 2 * STEPS)),
        ("l-bfgs-unit", (2,)),
        ("adam", (STEPS + 1,)),
    ],
)
def test_killed_after_any_step_the_end_is_the_same(tmp_path, words, kill_after, monkeypatch, optimizer, steps):
    words = [*words, "--optimizer", optimizer]
    assert main(words) == 0
    unbroken = results(tmp_path)
    for step in steps:
        kill_after(step)
        with pytest.raises(Killed):
            main(words)
        monkeypatch.setattr(run, "train", train)
        assert (tmp_path / "out" / "result.state.npz").exists()
        assert main([*words, "--resume"]) == 0
        assert results(tmp_path) == unbroken
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["result.json", "result.png"]


def test_killed_in_stripes(tmp_path, words, kill_after, monkeypatch):
    """Then the pairs of L-BFGS are kept in bfloat16."""
    monkeypatch.setattr("transfer.memory.peak_bytes", lambda *_: 1e12)
    monkeypatch.setattr("transfer.memory.ROWS", (16,))
    assert main(words) == 0
    unbroken = results(tmp_path)
    kill_after(STEPS + 2)
    with pytest.raises(Killed):
        main(words)
    monkeypatch.setattr(run, "train", train)
    assert main([*words, "--resume"]) == 0
    assert results(tmp_path) == unbroken


def test_what_is_written_between_two_checkpoints_is_done_again(tmp_path, words, kill_after, monkeypatch):
    words = [*words, "--checkpoint-every", "3"]
    assert main(words) == 0
    unbroken = results(tmp_path)
    kill_after(5)
    with pytest.raises(Killed):
        main(words)
    assert checkpoints.read_state(tmp_path / "out" / "result.state.npz").steps == 3
    monkeypatch.setattr(run, "train", train)
    assert main([*words, "--resume"]) == 0
    assert results(tmp_path) == unbroken


def test_ctrl_c_keeps_the_last_step(tmp_path, words, monkeypatch, capfd):
    assert main(words) == 0
    unbroken = results(tmp_path)

    def train_stopped(phases, start, watch, keep):
        def stopped(step, image):
            if step.step == 3:
                signal.raise_signal(signal.SIGINT)
            watch(step, image)

        return train(phases, start, stopped, keep)

    monkeypatch.setattr(run, "train", train_stopped)
    rarely = [*words, "--checkpoint-every", "1000"]
    assert main(rarely) == 130
    assert capfd.readouterr().err.endswith("result.png; to go on, repeat the command with --resume\n")
    monkeypatch.setattr(run, "train", train)
    assert main([*rarely, "--resume"]) == 0
    assert results(tmp_path) == unbroken


def test_scipys_search_starts_anew_at_the_image(tmp_path, words, kill_after, monkeypatch, capfd):
    words = [word for word in words if word != "--quiet"] + ["--precision", "float32", "--optimizer", "l-bfgs"]
    kill_after(3)
    with pytest.raises(Killed):
        main(words)
    monkeypatch.setattr(run, "train", train)
    capfd.readouterr()
    assert main([*words, "--resume"]) == 0
    assert (
        "going on after 3 steps; SciPy's L-BFGS-B cannot be kept and starts anew at that image"
        in capfd.readouterr().out
    )
    totals = [step["total"] for step in results(tmp_path)[1][2:]]
    assert len(totals) == 2 * STEPS and totals[3] < totals[2], (
        "the first step after it is better, not back at the start"
    )


def test_neighbours_are_looked_for_anew_at_the_image(tmp_path, words, kill_after, monkeypatch, capfd):
    words = [word for word in words if word != "--quiet"] + ["--style-statistic", "neighbours"]
    kill_after(STEPS + 2)
    with pytest.raises(Killed):
        main(words)
    monkeypatch.setattr(run, "train", train)
    capfd.readouterr()
    assert main([*words, "--resume"]) == 0
    said = f"going on after {STEPS + 2} steps; the search for neighbours cannot be kept and starts anew at that image"
    assert said in capfd.readouterr().out
    steps = results(tmp_path)[1][2:]
    assert len(steps) == 2 * STEPS and steps[-1]["size"] == 64


def test_other_settings_are_refused_and_moved_files_are_not(tmp_path, words, kill_after, monkeypatch, capfd):
    kill_after(2)
    with pytest.raises(Killed):
        main(words)
    monkeypatch.setattr(run, "train", train)
    line = refused([*words, "--resume", "--seed", "7"], capfd, tmp_path)
    assert "has other settings: seed was 0 and is now 7; use the same, or leave out --resume" in line
    line = refused([*words, "--resume", "--tv-weight", "3"], capfd, tmp_path)
    assert "recipe.tv_weight was 2e-05 and is now 3.0" in line
    (tmp_path / "content.png").rename(tmp_path / "renamed.png")
    assert main([str(tmp_path / "renamed.png"), *words[1:], "--resume"]) == 0


def test_nothing_to_resume_is_said_and_the_run_is_made(tmp_path, words, capfd):
    loud = [word for word in words if word != "--quiet"]
    assert main([*loud, "--resume"]) == 0
    assert "there is no unfinished run in" in capfd.readouterr().out


def test_0_writes_no_state(tmp_path, words, kill_after):
    kill_after(3)
    with pytest.raises(Killed):
        main([*words, "--checkpoint-every", "0"])
    assert not (tmp_path / "out").exists()


def test_a_damaged_state_is_one_line(tmp_path, words, kill_after, capfd):
    kill_after(3)
    with pytest.raises(Killed):
        main(words)
    state = tmp_path / "out" / "result.state.npz"
    good = state.read_bytes()
    half = len(good) // 2
    np.savez(state, step=3)
    flipped = good[:half] + bytes([good[half] ^ 255]) + good[half + 1 :]
    for damaged in (state.read_bytes(), good[:half], flipped, b"not a state"):
        state.write_bytes(damaged)
        assert "holds no unfinished run of this version" in refused([*words, "--resume"], capfd, tmp_path)


def test_a_full_disk_ends_the_checkpoints_and_not_the_run(tmp_path, words, capfd, monkeypatch):
    tried = []

    def full(kept, progress):
        tried.append(kept.path)
        raise InputError(f"{kept.path} cannot be written (No space left on device)")

    monkeypatch.setattr(checkpoints.Checkpoints, "_replace_file", full)
    assert main(words) == 0
    err = capfd.readouterr().err
    assert len(tried) == 1 and err.count("\n") == 1
    assert "No space left on device); the run goes on without checkpoints" in err


@pytest.mark.parametrize(("takes", "expected"), [(0.1, [30, 60.1, 90.2]), (3.0, [30, 93])])
def test_a_state_is_written_every_half_minute_but_takes_no_more_than_a_20th(monkeypatch, takes, expected):
    """One step a second; a state that takes 3 s is followed by a minute of steps."""
    now, written = [0.0], []
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now[0])
    kept = checkpoints.Checkpoints(Path("state.npz"), [], {}, {})

    def slow(kept, progress):
        written.append(now[0])
        now[0] += takes

    monkeypatch.setattr(checkpoints.Checkpoints, "_replace_file", slow)
    for _ in range(100):
        now[0] += 1
        kept(progress=object())
    assert written == pytest.approx(expected)
