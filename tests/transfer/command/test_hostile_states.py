"""State files with something missing or absurd in them: one line, and in a batch the others go on."""

import json
import shutil

import numpy as np
import pytest

import batch_command
from transfer.__main__ import main
from transfer.batch import main as batch
from transfer.cli import run
from transfer.train import train


class Killed(BaseException):
    """What stands for a kill -9 inside this process: nothing of ours catches it."""


def killed_after_3(phases, start, watch, keep):
    def killed(step, image):
        watch(step, image)
        if step.step == 3:
            raise Killed

    return train(phases, start, killed, keep)


def changed(data: dict, path: tuple, value: object) -> dict:
    """The JSON with another value in one place, or without it if the value is `...`."""
    data = json.loads(json.dumps(data))
    *above, last = path
    inner = data
    for key in above:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return data


def paths_of(value: object, path: tuple = ()) -> list[tuple]:
    """Every place in the numbers; of the steps, the second one's."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inside = [(key, item) for key, item in inside if path != ("numbers", "steps") or key == 1]
    return [path, *(found for key, item in inside for found in paths_of(item, (*path, key)))]


def hostile_texts(text: dict) -> list[dict]:
    absurd = [..., None, "x", -1, 10**400, [], {"a": 1}, 0.5, True]
    places = [path for path in paths_of({"numbers": text["numbers"]}) if path] + [("settings", "precision")]
    places += [("settings",), ("environment",), ("format",)]
    return [changed(text, path, absurd[i % len(absurd)]) for i, path in enumerate(places)]


def hostile_arrays(arrays: dict[str, np.ndarray]) -> list[dict]:
    absurd = [lambda x: x[..., None], lambda x: x * np.nan, lambda x: x.astype(complex), lambda x: x.reshape(-1)[:0]]
    found = [{other: arrays[other] for other in arrays if other != name} for name in arrays]
    found += [arrays | {name: absurd[i % 4](arrays[name])} for i, name in enumerate(arrays)]
    slots = arrays["state slots"]
    return [*found, arrays | {"state slots": slots + 1}, arrays | {"state new_slots": slots + 7}]


@pytest.fixture
def words(tmp_path, monkeypatch) -> tuple[list[str], list[str]]:
    """The words of a batch, and those of its first picture by itself, which was killed after its third step."""
    of_batch = batch_command.prepare(tmp_path)
    pair = [str(tmp_path / "in" / name) for name in ("content_a.png", "style_x.png")]
    alone = [*pair, "-o", str(tmp_path / "alone" / "a.png"), *of_batch[3:], "--quiet", "--checkpoint-every", "1"]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(run, "train", killed_after_3)
        main(alone)
    return of_batch, alone


def test_each_gets_one_line_or_is_gone_on_with(tmp_path, words, capfd):
    of_batch, alone = words
    state = tmp_path / "alone" / "a.state.npz"
    with np.load(state) as file:
        text, arrays = json.loads(str(file["text"])), {name: file[name] for name in file if name != "text"}
    shutil.copy(state, tmp_path / "good")
    variants = [(hostile, arrays) for hostile in hostile_texts(text)]
    variants += [(text, hostile) for hostile in hostile_arrays(arrays)]
    refused = 0
    for hostile, found in variants:
        np.savez(state, text=np.array(json.dumps(hostile)), **found)
        code = main([*alone, "--resume"])
        err = capfd.readouterr().err
        assert (code, err.count("\n")) in ((0, 0), (2, 1)), (hostile, {name: x.shape for name, x in found.items()}, err)
        refused += code == 2
    assert refused > 0.8 * len(variants)
    shutil.copy(tmp_path / "good", state)
    assert main([*alone, "--resume"]) == 0, "the file as it was is no problem"

    (tmp_path / "out").mkdir()
    del text["numbers"]["evaluations"]
    np.savez(tmp_path / "out" / "a-x.state.npz", text=np.array(json.dumps(text)), **arrays)
    assert batch([*of_batch, "--quiet"]) == 0
    assert set(batch_command.pictures(tmp_path)) == set(batch_command.NAMES)
    assert batch_command.pictures(tmp_path)["a-x"] == (tmp_path / "alone" / "a.png").read_bytes()
