"""What `make` would run, and what it says of itself; nothing is installed and no command is started."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from microscope_command import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the Makefile, and everything installed as far as make can see."""
    for name in ("Makefile", "requirements.txt", "tests/requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").mkdir()
    for name in ("installed", "installed-tests", "installed-figures", "installed-cluster"):
        (tmp_path / ".venv" / name).touch()
    return tmp_path


def make(project: Path, *words: str) -> list[str]:
    """The lines of output; variables of the `make test` that runs this don't reach it."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = subprocess.run(["make", *words], cwd=project, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def commands(project: Path, *words: str) -> list[list[str]]:
    """The words of each command that `make` would run, as a shell takes them apart."""
    return [shlex.split(line) for line in make(project, "-n", *words)]


PYTHON = ".venv/bin/python"


def test_run_alone_makes_the_sample(project):
    assert commands(project, "run") == [
        [PYTHON, "-m", "transfer", "sample", "sample", "-o", "output/result.png", "--sheet"]
    ]


def test_run_passes_every_option(project):
    words = commands(project, "run", "SIZE=300", "ARGS=--content-weight 0.3 --init noise --style-layers ''")[0]
    assert words[7:] == ["--sheet", "--size", "300", "--content-weight", "0.3", "--init", "noise", "--style-layers", ""]


def test_paths_may_be_quoted_within_the_options(project):
    words = commands(project, "run", """ARGS=--init "my start.png" --weights 'a$b is.mat' """)[0]
    assert words[8:] == ["--init", "my start.png", "--weights", "a$b is.mat"]


@pytest.mark.parametrize(
    "path", ["my photo.jpg", "it's.jpg", 'the "best".jpg', "a$b$(c)`d`.jpg", "a;b&c|d>e\\f.jpg", "-"]
)
def test_every_path_arrives_as_it_was_given(project, path):
    names = ("CONTENT", "STYLE", "OUTPUT", "WEIGHTS", "INIT")
    given = [f"{name}={name.lower()} {path}" for name in names]
    content, style, output, weights, init = (text.split("=", 1)[1] for text in given)
    expected = [content, style, "-o", output, "--sheet", "--weights", weights, "--init", init]
    assert commands(project, "run", *given)[0][3:] == expected


def test_every_variable_of_a_run_and_options_after_them(project):
    given = ["SIZE=64", "RECIPE=gatys2016", "WEIGHTS=w.mat", "ITERATIONS=3", "INIT=style", "ARGS=--size 32"]
    expected = "--sheet --size 64 --recipe gatys2016 --weights w.mat --iterations 3 --init style --size 32"
    assert commands(project, "run", *given)[0][7:] == expected.split()


def test_figures_take_options_too(project):
    plot = [PYTHON, "-m", "transfer.figures", "trade-off", "output/figures/ratio/1e-03.json"]
    plot += ["-o", "output/figures/trade-off.png"]
    all_of_them = [PYTHON, "-m", "transfer.figures", "all"]
    found = commands(project, "figures", "CONTENT=a b.jpg", "SIZE=64", "ARGS=--iterations 5")
    assert found == [[*all_of_them, "a b.jpg", "sample", "--size", "64", "--iterations", "5"], plot]
    # Some of them, or in another folder: the usual record of the plot may not be there.
    for options in ("--only content-relu1_2", "-o elsewhere", "--output=elsewhere"):
        found = commands(project, "figures", f"ARGS={options}")
        assert found == [[*all_of_them, "sample", "sample", *options.split()]]


def test_a_batch_of_a_folder_or_of_two_and_by_workers(project):
    batch = [PYTHON, "-m", "transfer.batch"]
    assert commands(project, "batch", "FOLDER=my pictures") == [[*batch, "my pictures"]]
    words = commands(
        project, "batch", "CONTENTS=a b", "STYLES=c", "OUTPUT=an out", "WORKERS=4", "SIZE=64", "ARGS=--quiet"
    )
    expected = ["--contents", "a", "b", "--styles", "c", "--workers", "4", "-o", "an out", "--size", "64", "--quiet"]
    assert words == [[*batch, *expected]]
    (project / ".venv" / "installed-cluster").unlink()
    assert len(commands(project, "batch", "FOLDER=a")) == 1
    for more in (["WORKERS=2"], ["ARGS=--scheduler tcp://a:1"]):
        (project / ".venv" / "installed-cluster").unlink(missing_ok=True)
        assert any("distributed" in word for line in commands(project, "batch", "FOLDER=a", *more) for word in line)


def test_a_film(project):
    words = commands(project, "video", "FILM=my clip.mp4", "STYLE=a b.jpg", "OUTPUT=c.mp4", "SIZE=64", "ARGS=--resume")[
        0
    ]
    assert words[1:] == ["-m", "transfer.video", "my clip.mp4", "a b.jpg", "-o", "c.mp4", "--size", "64", "--resume"]


def test_the_other_commands(project):
    assert commands(project, "bench", "WEIGHTS=a b.mat") == [[PYTHON, "-m", "transfer.bench", "--weights", "a b.mat"]]
    assert commands(project, "download-weights", "LAYOUT=beta16")[0][2:] == [
        "weights",
        "download",
        "--layout",
        "beta16",
    ]


def test_installation_shows_what_it_does(project):
    for name in ("installed", "installed-tests", "installed-figures"):
        (project / ".venv" / name).unlink()
    lines = make(project, "-n", "test", "figures", "PYTHON=python3.12")
    assert any("1 GB" in line for line in lines) and "python3.12 -m venv --clear .venv" in lines
    installing = [shlex.split(line) for line in lines if " pip install " in line]
    assert len(installing) == 3
    for words in installing:
        assert "--disable-pip-version-check" in words and "2>.venv/pip-errors" in words
        assert not any(word.startswith("-q") or word == "--quiet" for word in words)


@pytest.mark.parametrize("words", [[], ["help"]])
def test_help_names_what_there_is(project, words):
    text = "\n".join(make(project, *words))
    for target in ("run", "batch", "video", "cluster", "download-weights", "figures", "bench", "test", "lint", "clean"):
        assert f"make {target} " in text
    for variable in ("CONTENT=", "STYLE=", "OUTPUT=", "SIZE=", "RECIPE=", "ITERATIONS=", "INIT=", "WEIGHTS="):
        assert variable in text
    assert 'ARGS="--content-weight 0.3 --init noise"' in text and "PYTHON=" in text
    assert all(len(line) <= 120 for line in text.splitlines())
