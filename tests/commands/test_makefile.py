"""What `make` would run, and what it says of itself; nothing is installed and no command is started."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from microscope_command import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the Makefile, and everything installed as far as make can see."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("Makefile", "requirements.txt", "tests/requirements.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for name in ("installed", "installed-tests", "installed-cluster", "installed-video", "installed-heic"):
        (folder / ".venv" / name).touch()
    return folder


def run_make(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Variables of the `make test` that runs this don't reach it."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    return subprocess.run(["make", *words], cwd=project, env=environment, capture_output=True, text=True)


def make(project: Path, *words: str) -> list[str]:
    """The lines of output."""
    done = run_make(project, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def refused(project: Path, *words: str) -> str:
    """The one line of a call that make refuses before it does anything."""
    done = run_make(project, "-n", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    return done.stderr


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


def test_every_path_arrives_as_it_was_given(project):
    names = ("CONTENT", "STYLE", "OUTPUT", "WEIGHTS", "INIT")
    for path in ("my photo.jpg", "it's.jpg", 'the "best".jpg', "a$b$(c)`d`.jpg", "a;b&c|d>e\\f.jpg", "-"):
        given = [f"{name}={name.lower()} {path}" for name in names]
        content, style, output, weights, init = (text.split("=", 1)[1] for text in given)
        expected = [content, style, "-o", output, "--sheet", "--weights", weights, "--init", init]
        assert commands(project, "run", *given)[0][3:] == expected


def test_every_variable_of_a_run_and_options_after_them(project):
    given = ["SIZE=64", "RECIPE=gatys2016", "WEIGHTS=w.mat", "ITERATIONS=3", "INIT=style", "ARGS=--size 32"]
    given += ["STRENGTH=0.9", "COLORS=match", "STYLE_SCALE=2"]
    expected = "--sheet --size 64 --recipe gatys2016 --weights w.mat --iterations 3 --init style"
    expected += " --strength 0.9 --colors match --style-scale 2 --size 32"
    assert commands(project, "run", *given)[0][7:] == expected.split()


def test_a_variable_that_nothing_reads_is_refused_with_the_nearest_one_that_is_read(project):
    """Each command reads its own: a batch has CONTENTS, a single picture CONTENT."""
    slips = [("run", "content", "CONTENT"), ("run", "CONTENTS", "CONTENT"), ("batch", "STYLE", "STYLES")]
    slips += [("video", "SYTLE", "STYLE"), ("run", "COLOURS", "COLORS"), ("figures", "STRENGHT", None)]
    for command, slip, nearest in slips:
        line = refused(project, command, "ARGS=--quiet", "SIZE=64", f"{slip}=a b'c")
        assert f"make {command} does not read {slip}, expected PYTHON " in line and " SIZE " in line
        assert (f"(nearest: {nearest})" in line) == ("nearest" in line) == (nearest is not None)
    assert "make help does not read SIZE" in refused(project, "SIZE=64")


def test_figures_take_options_too(project):
    plot = [PYTHON, "-m", "transfer.figures", "trade-off", "output/figures/ratio/1e-03.json"]
    plot += ["-o", "output/figures/trade-off.png"]
    all_of_them = [PYTHON, "-m", "transfer.figures", "all"]
    found = commands(project, "figures", "CONTENT=a b.jpg", "SIZE=64", "ITERATIONS=5")
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
    for more in ("WORKERS=2", "ARGS=--scheduler tcp://a:1"):
        assert any("distributed" in word for line in commands(project, "batch", "FOLDER=a", more) for word in line)
    (project / ".venv" / "installed-cluster").touch()


def test_a_film(project):
    given = ["FILM=my clip.mp4", "STYLE=a b.jpg", "OUTPUT=c.mp4", "SIZE=64", "ARGS=--resume"]
    film = [PYTHON, "-m", "transfer.video"]
    expected = [*film, "my clip.mp4", "a b.jpg", "-o", "c.mp4", "--size", "64", "--resume"]
    assert commands(project, "video", *given) == [expected]
    said, command = commands(project, "video", "FILM=a.mp4")
    assert "no STYLE= is given" in said[1] and "sample" in said[1] and command == [*film, "a.mp4", "sample"]
    assert "make video needs a film, as in: make video FILM=clip.mp4 STYLE=" in refused(project, "video", "STYLE=a.jpg")
    assert commands(project, "video", "ARGS=--help")[-1][-1] == "--help"


def test_the_other_commands(project):
    assert commands(project, "bench", "WEIGHTS=a b.mat") == [[PYTHON, "-m", "transfer.bench", "--weights", "a b.mat"]]
    assert commands(project, "download-weights", "LAYOUT=beta16")[0][2:] == [
        "weights",
        "download",
        "--layout",
        "beta16",
    ]


def test_installation_shows_what_it_does(project):
    for name in ("installed", "installed-tests"):
        (project / ".venv" / name).unlink()
    lines = make(project, "-n", "test", "figures", "PYTHON=python3.12")
    for name in ("installed", "installed-tests"):
        (project / ".venv" / name).touch()
    assert any("1 GB" in line for line in lines) and "python3.12 -m venv --clear .venv" in lines
    installing = [shlex.split(line) for line in lines if " pip install " in line]
    assert len(installing) == 2
    for words in installing:
        assert "--disable-pip-version-check" in words and "2>.venv/pip-errors" in words
        assert not any(word.startswith("-q") or word == "--quiet" for word in words)


def test_help_names_what_there_is(project):
    text = "\n".join(make(project))
    assert text == "\n".join(make(project, "help"))
    for target in (
        "run",
        "batch",
        "video",
        "cluster",
        "heic",
        "download-weights",
        "figures",
        "bench",
        "test",
        "lint",
        "clean",
    ):
        assert f"make {target} " in text
    for variable in (
        "CONTENT=",
        "STYLE=",
        "OUTPUT=",
        "SIZE=",
        "RECIPE=",
        "ITERATIONS=",
        "INIT=",
        "WEIGHTS=",
        "STRENGTH=",
        "COLORS=",
        "STYLE_SCALE=",
    ):
        assert variable in text
    assert 'ARGS="--content-weight 0.3 --init noise"' in text and "PYTHON=" in text
    assert all(len(line) <= 120 for line in text.splitlines())
