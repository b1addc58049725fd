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
    for name in ("", "-tests", "-cluster", "-video", "-heic", "-page"):
        (folder / ".venv" / f"installed{name}").touch()
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
    plot += ["-o", "output/figures/trade-off.png", "--overwrite"]
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
    (project / "it's $mine").mkdir()
    assert commands(project, "batch", "CONTENTS=it's $mine", "STYLES='a b' c*")[0][3:] == [
        *["--contents", "it's $mine", "--styles", "a b", "c*"]
    ]
    (project / ".venv" / "installed-cluster").unlink()
    assert len(commands(project, "batch", "FOLDER=a")) == 1
    for more in ("WORKERS=2", "ARGS=--scheduler tcp://a:1"):
        assert any("distributed" in word for line in commands(project, "batch", "FOLDER=a", more) for word in line)
    (project / ".venv" / "installed-cluster").touch()


def test_a_batch_of_photos_without_paintings(project):
    assert "make batch needs STYLES= as well, the paintings" in refused(project, "batch", "CONTENTS=my photos")
    assert commands(project, "batch", "CONTENTS=a", "STYLES=b") != []


def test_a_film(project):
    given = ["FILM=my clip.mp4", "STYLE=a b.jpg", "OUTPUT=c.mp4", "SIZE=64", "ARGS=--resume"]
    assert commands(project, "page", "PORT=8080") == [[PYTHON, "-m", "transfer.page", "--port", "8080"]]
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


def executable(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def new_project(project, tmp_path, monkeypatch):
    """A folder with the Makefile and nothing installed, and a Python of our own, which notes what it is asked to do.

    It makes an environment whose Python is itself. `./bin` is the only place where make finds it, or uv.
    """
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(project / name, tmp_path / name)
    folder, notes = tmp_path / "bin", tmp_path / "notes"
    folder.mkdir()
    for name in ("make", "sh", "cat", "touch", "mkdir", "cp", "rm", "echo"):
        (folder / name).symlink_to(shutil.which(name))
    make_venv = f"mkdir -p .venv/bin; cp {folder}/python3 .venv/bin/python"
    executable(
        folder / "python3",
        f"""echo "$0 $*" >> {notes}
case "$*" in
  *ensurepip*) test -e {tmp_path}/ensurepip ;;
  *-venv*version_info*) echo python3.12-venv ;;
  "-m venv"*) {make_venv} ;;
  *"pip install"*) echo Requirement already satisfied >&2; test ! -e {tmp_path}/broken ;;
esac""",
    )
    (tmp_path / "uv script").write_text(
        f"""#!/bin/sh
echo "uv $*" >> {notes}
case "$1" in venv) {make_venv} ;; esac
"""
    )
    (tmp_path / "ensurepip").touch()
    monkeypatch.setenv("PATH", str(folder))
    return tmp_path


def noted(folder: Path, *words: str) -> list[str]:
    return [line for line in (folder / "notes").read_text().splitlines() if all(word in line for word in words)]


def test_installation_prints_three_lines_and_happens_once(new_project):
    lines = make(new_project, ".venv/installed")
    assert len(lines) == 3 and "1 GB" in lines[0] and lines[2] == "installed; to remove it: make clean"
    assert noted(new_project, "-m venv --clear .venv")
    assert noted(new_project, ".venv/bin/python -m pip install --quiet", "-r requirements.txt")
    assert make(new_project, "cluster")[0].startswith("installed; start workers"), "no `already satisfied`"
    assert noted(new_project, "pip install", "distributed>=2024.1 cryptography")
    for target, package in (("-video", "av>=17"), ("-heic", "pillow-heif>=1"), ("-page", "gradio>=6")):
        make(new_project, f".venv/installed{target}")
        assert noted(new_project, "pip install", package)
    assert len(noted(new_project, "-r requirements.txt")) == 1


def test_what_pip_says_is_shown_if_it_fails(new_project):
    (new_project / "broken").touch()
    done = run_make(new_project, ".venv/installed")
    assert done.returncode == 2 and "Requirement already satisfied" in done.stderr
    assert not (new_project / ".venv" / "installed").exists()


def test_a_python_without_ensurepip_is_told_the_package(new_project):
    """Debian and Ubuntu keep it in a package of its own."""
    (new_project / "ensurepip").unlink()
    done = run_make(new_project, "run")
    assert done.returncode == 2 and not (new_project / ".venv" / "bin").exists()
    (line,) = done.stdout.splitlines()
    expected = "make: python3 cannot install packages: it lacks ensurepip; on Debian or Ubuntu: apt-get install "
    assert line == expected + "python3.12-venv"


def test_uv_installs_if_it_is_there(new_project):
    (new_project / "ensurepip").unlink()  # it needs none
    executable(new_project / "bin" / "uv", (new_project / "uv script").read_text())
    assert len(make(new_project, ".venv/installed")) == 3
    assert noted(new_project, "uv venv --quiet --seed --python python3 .venv")
    assert noted(new_project, "uv pip install --quiet --python .venv/bin/python -r requirements.txt")
    assert not noted(new_project, "-m pip") and not noted(new_project, "-m venv")


def test_help_names_what_there_is(project):
    text = "\n".join(make(project))
    assert text == "\n".join(make(project, "help"))
    for target in (
        "run",
        "page",
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
