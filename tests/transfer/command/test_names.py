"""A name that is taken gets a number, so that no finished picture is replaced unless that is asked for."""

import json

import pytest

from transfer.__main__ import main
from transfer_command import prepare, refused


@pytest.fixture
def words(tmp_path) -> list[str]:
    """The words of the shortest run, without --overwrite."""
    return [word for word in prepare(tmp_path) if word != "--overwrite"] + ["--iterations", "1"]


def test_all_files_of_a_run_share_the_first_free_number(tmp_path, words, capfd):
    out = tmp_path / "out"
    assert main([*words, "--sheet"]) == 0
    first = {path: path.read_bytes() for path in out.iterdir()}
    (out / "result-2-sheet.png").write_bytes(b"of somebody")
    more = ["--sheet", "--report", "--preview-every", "1", "--save-every", "1", "--strength", "0.9"]
    assert main([*words, *more]) == 0
    said = capfd.readouterr().out
    assert f"{out / 'result.png'} is taken, so the result goes to {out / 'result-3.png'}\n" in said
    assert f"written: {out / 'result-3.png'}, {out / 'result-3.json'}, {out / 'result-3-sheet.png'}" in said
    third = {f"result-3{end}" for end in (".png", ".json", "-sheet.png", "-report.html", "-preview.png", "-0001.png")}
    assert {path.name for path in out.iterdir()} == third | {path.name for path in first} | {"result-2-sheet.png"}
    assert {path: path.read_bytes() for path in first} == first
    assert json.loads((out / "result-3.json").read_text(encoding="utf-8"))["result"]["file"] == "result-3.png"
    assert main([*words, "--overwrite", "--strength", "0.9", "--quiet"]) == 0
    assert (out / "result.png").read_bytes() == (out / "result-3.png").read_bytes()
    assert not (out / "result-4.png").exists()


def test_resume_keeps_the_name_and_no_other_picture(tmp_path, words, capfd):
    """A finished run of the same settings is made again under its name; one of others is not replaced."""
    out = tmp_path / "out"
    assert main([*words, "--quiet"]) == 0
    assert main([*words, "--quiet", "--resume"]) == 0
    assert {path.name for path in out.iterdir()} == {"result.png", "result.json"}
    line = refused([*words, "--quiet", "--resume", "--seed", "3"], capfd, tmp_path)
    assert "result.png is finished, and of other settings: seed is 0 there and 3 here; leave out --resume" in line
    assert main([*words, "--quiet", "--resume", "--seed", "3", "--overwrite"]) == 0
    (out / "result.json").unlink()
    assert "result.png is finished" in refused([*words, "--quiet", "--resume"], capfd, tmp_path)


def test_an_unfinished_run_keeps_its_name(tmp_path, words, capfd):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.state.npz").write_bytes(b"of a run that was killed")
    assert main(words) == 0
    expected = "result.png is taken by an unfinished run, with which --resume goes on, so the result goes to"
    assert expected in capfd.readouterr().out
    assert (tmp_path / "out" / "result.state.npz").read_bytes() == b"of a run that was killed"
    assert (tmp_path / "out" / "result-2.png").exists()
