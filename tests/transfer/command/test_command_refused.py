"""What `python -m transfer` cannot use ends in exit code 2 and one line, and leaves nothing in the output folder."""

import errno
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from transfer.__main__ import main
from transfer.cli.record import write_record
from transfer_command import ROOT, prepare, refused
from vgg.errors import InputError, typed

#: What replaces or follows the words of a run that would work, and what the line must say. `{}` is the folder.
OPTIONS = {
    "unknown layer": (["--style-layers", "relu1_1,relu9_9"], "there is no layer 'relu9_9'"),
    "unknown recipe": (["--recipe", "monet"], "there is no recipe 'monet'"),
    "unknown recipe to report in": (["--report-as", "monet"], "there is no recipe 'monet'"),
    "unknown optimiser": (["--optimizer", "sgd"], "invalid choice: 'sgd'"),
    "unknown option": (["--colour", "no"], "unrecognized arguments: --colour no"),
    "no number": (["--iterations", "many"], "'many' found, expected a whole number of 1 or more"),
    "negative weight": (["--content-weight", "-1"], "--content-weight is -1"),
    "nothing to do": (["--content-weight", "0", "--style-layers", "relu1_1=0"], "both weigh 0"),
    "missing start": (["--init", "nonexistent"], "--init is 'nonexistent'"),
    "folder as start": (["--init", "{}"], "is a folder"),
    "text as start": (["--init", "{}/notes.txt"], "is a text file"),
    "unknown ending": (["-o", "{}/out/result.ppm"], "'.ppm', expected one of .png, .jpg"),
    "no ending": (["-o", "{}/out/result"], "expected one of .png, .jpg"),
    "folder as output": (["-o", "{}"], "is a folder"),
    "output is content": (["-o", "{}/content.png"], "is also an input"),
    "output is style": (["-o", "{}/style.png"], "is also an input"),
    "output is start": (["-o", "{}/start.png", "--init", "{}/start.png"], "is also an input"),
    "sheet is start": (["-o", "{}/a.png", "--sheet", "--init", "{}/a-sheet.png"], "is also an input"),
    "file as output folder": (["-o", "{}/notes.txt/result.png"], "cannot be written"),
    "folder as record": (["-o", "{}/taken.png"], "taken.json is a folder"),
    "missing weights": (["--weights", "{}/none.mat"], "does not exist"),
    "folder as weights": (["--weights", "{}"], "is a folder, expected a .mat file"),
    "picture as weights": (["--weights", "{}/content.png"], "expected a MATLAB 5.0 file, or an .npz"),
    "text as weights": (["--weights", "{}/notes.txt"], "a text file beginning 'Buy milk'"),
    "half of the weights": (["--weights", "{}/half.mat"], "half.mat is truncated or damaged"),
    "low precision and a line search": (
        ["--precision", "bfloat16", "--optimizer", "l-bfgs"],
        "mislead the line search",
    ),
    "no memory": (["--max-memory", "0"], "argument --max-memory: invalid gigabytes value: '0'"),
    "size as float": (["--size", "1e3"], "'1e3' found, expected a whole number of 16 or more"),
    "word as seed": (["--seed", "x"], "'x' found, expected a whole number of 0 or more"),
    "empty output": (["-o", ""], "argument -o/--output: '' found, expected the name of a file"),
    "empty weights": (["--weights", ""], "argument --weights: '' found, expected the name of a file"),
    "empty start": (["--init", ""], "--init is '', expected content, style, noise, a blend, or a picture that exists"),
    "pipe as start": (["--init", "{}/pipe"], "it is a pipe or a device, expected a file"),
    "pipe as weights": (["--weights", "{}/pipe"], "it is a pipe"),
    "pipe as output": (["-o", "{}/pipe.png"], "pipe.png is a pipe or a device"),
    "root as output": (["-o", "/"], "expected the name of a picture"),
    "loss beyond float32": (["--style-weight", "1e38", "--recipe", "gatys2016"], "the style loss became inf"),
}


@pytest.fixture
def words(tmp_path):
    """The words of a run that works, in a folder with more files than it needs."""
    words = prepare(tmp_path, layers=())  # the picture of a full disk would be smaller
    for name in ("start.png", "a-sheet.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((24, 32, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("Buy milk\n")
    (tmp_path / "half.mat").write_bytes((tmp_path / "tiny.mat").read_bytes()[:9000])
    (tmp_path / "taken.json").mkdir()
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "out").mkdir()
    return words


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_option(tmp_path, words, capfd, case):
    more, expected = OPTIONS[case]
    assert expected in refused([*words, *(word.format(tmp_path) for word in more)], capfd, tmp_path)


@pytest.mark.parametrize("place", [0, 1], ids=["content", "style"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zebra.jpg", "zebra.jpg does not exist; check its name, which needs quotes if it has spaces\n"),
        ("my kat.jpg", "my kat.jpg does not exist; did you mean '{}/my cat.jpg'?\n"),
        ("~/cat.jpg", "/cat.jpg does not exist; "),
        ("", "is a folder"),
        ("notes.txt", "is a text file"),
        ("pipe", "is a pipe or a device, expected a file"),
        ("tiny.mat", "is not a picture that this program reads"),
        ("narrow.png", "narrow.png: 8 × 60 pixels would be used at 4 × 32, expected at least 16"),
    ],
)
def test_bad_picture(tmp_path, words, capfd, place, name, expected):
    cv2.imwrite(str(tmp_path / "narrow.png"), np.zeros((60, 8, 3), np.uint8))
    (tmp_path / "my cat.jpg").touch()
    words[place] = str(tmp_path / name)
    assert expected.format(tmp_path) in refused(words, capfd, tmp_path)


def test_a_name_that_the_shell_took_apart_and_one_with_a_tilde(tmp_path, words, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my old cat.jpg").touch()
    for pictures in (["my", "old", "cat.jpg", "style.png"], ["content.png", "my", "old", "cat.jpg"]):
        line = refused([*pictures, *words[2:]], capfd, tmp_path)
        assert line == "transfer: my is a part of 'my old cat.jpg'; a name with spaces needs quotes\n"
    line = refused(["~/my cat.jpg", *words[1:]], capfd, tmp_path)
    assert line.endswith("~/my cat.jpg does not exist; the shell does not replace ~ inside quotes; write $HOME there\n")


def test_loss_beyond_float32_is_said_with_its_cause(tmp_path, words, capfd):
    line = refused([*words, "--recipe", "gatys2016", "--content-weight", "1e38", "--init", "style"], capfd, tmp_path)
    assert "the content loss became inf at evaluation 1, before the first step; choose smaller weights" in line


def test_start_that_no_step_can_better(tmp_path, words, capfd):
    """Content and style are one picture and the start, too: every loss is 0 and so is the gradient."""
    words[1] = words[0]
    line = refused([*words, "--recipe", "gatys2016", "--init", "content"], capfd, tmp_path)
    assert line == "transfer: no step lowers the loss of the start image; choose another --init, or other weights\n"


def test_output_folder_that_does_not_let_us(tmp_path, words, capfd, monkeypatch):
    def forbidden(dir):
        raise PermissionError(errno.EACCES, "Permission denied", str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)  # root is allowed everything
    assert f"no file can be made in the folder {tmp_path / 'out'} (Permission denied)" in refused(
        words, capfd, tmp_path
    )


@pytest.fixture
def small_files():
    """A disk on which every write fails after 1000 bytes."""
    resource = pytest.importorskip("resource")  # POSIX only
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_disk_that_is_full_for_the_picture(tmp_path, words, capfd, small_files):
    line = refused([*words, "--quiet"], capfd, tmp_path)
    assert "result.png cannot be written (File too large)" in line


def test_disk_that_is_full_for_the_record(tmp_path, small_files):
    path = tmp_path / "result.json"
    write_record(path, {"seed": 1})
    with pytest.raises(InputError, match=r"result\.json cannot be written \(File too large\)"):
        write_record(path, {"steps": [0.5] * 1000})
    assert json.loads(path.read_text()) == {"seed": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_older_results_stay_when_a_run_is_refused(tmp_path, words, capfd):
    assert main([*words, "--quiet"]) == 0
    before = [(tmp_path / "out" / name).read_bytes() for name in ("result.png", "result.json")]
    refused([*words, "--weights", str(tmp_path / "notes.txt")], capfd, tmp_path)
    assert [(tmp_path / "out" / name).read_bytes() for name in ("result.png", "result.json")] == before


@pytest.mark.parametrize("missing", [[], ["{}/content.png"]], ids=["both", "style"])
def test_without_both_pictures_nothing_is_made(tmp_path, capfd, monkeypatch, missing):
    """Least of all the result of the last run overwritten."""
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "result.png").write_bytes((tmp_path / "style.png").read_bytes())
    line = refused([word.format(tmp_path) for word in missing], capfd, tmp_path)
    what = "style picture is" if missing else "content and style pictures are"
    example = typed("transfer", "photo.jpg", "painting.jpg")
    assert f"the {what} missing, expected two, as in `{example}`" in line
    assert "`sample sample`" in line


@pytest.mark.parametrize(
    "option", [[], ["--weights", "{}"], ["--init", "{}"], ["-o", "{}/a.png"], ["-o", "{}"], ["--recipe", "{}"]]
)
def test_what_a_terminal_would_obey_is_shown_as_text(tmp_path, words, capfd, option):
    """A colour, a title, a bell and a new line in a path; the one line stays one and printable."""
    path = tmp_path / "a\x1b[31m\x1b]0;title\x07\nb"
    if option:
        path.write_text("Buy milk\n")
        words = [*words, *(word.format(path) for word in option)]
    else:
        words[0] = str(path)
    line = refused(words, capfd, tmp_path)
    assert line[:-1].isprintable() and r"a\x1b[31m\x1b]0;title\x07\nb" in line.replace("\\\\", "\\")


def test_a_path_like_that_is_shown_as_text_when_all_goes_well(tmp_path, words, capfd):
    output = tmp_path / "a\x1b[31m\nb" / "result.png"
    assert main([*words, "-o", str(output)]) == 0
    out, err = capfd.readouterr()
    assert output.exists() and err == ""
    assert all(line.isprintable() for line in out.splitlines()) and r"a\x1b[31m\nb" in out.splitlines()[-1]


#: What is refused before OpenCV is imported, and what before TensorFlow is.
WITHOUT_OPENCV = [[], ["a.png"], ["a.png", "b.png", "--recipe", "monet"], ["a.png", "b.png", "--report-as", "monet"]]
WITHOUT_OPENCV += [["a.png", "b.png", "--size", "x"], ["a.png", "b.png", "--init", "nonexistent"]]
WITHOUT_TENSORFLOW = [["none.png", "sample"], ["content.png", "none.png"]]
WITHOUT_TENSORFLOW += [["content.png", "style.png", *more] for more in (
    ["--weights", "none.mat"], ["-o", "none.xyz"], ["--init", __file__], ["-o", "none.jpg", "--depth", "16"],
)]  # fmt: skip
ONE_AFTER_THE_OTHER = """
import sys
from transfer.__main__ import main
for words in eval(sys.argv[1]):
    try: code = main(words)
    except SystemExit as stop: code = stop.code
    print(code, *sorted({'tensorflow', 'cv2', 'scipy'} & set(sys.modules)))
"""


def test_what_needs_no_tensorflow_is_refused_without_it(tmp_path):
    """As a process, where a traceback would show; it counts the lines and looks at what was imported."""
    prepare(tmp_path)
    before = sorted(tmp_path.iterdir())
    command = [sys.executable, "-c", ONE_AFTER_THE_OTHER, repr([*WITHOUT_OPENCV, *WITHOUT_TENSORFLOW])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["2"] * len(WITHOUT_OPENCV) + ["2 cv2"] * len(WITHOUT_TENSORFLOW)
    lines = done.stderr.splitlines()
    assert len(lines) == len(done.stdout.splitlines()) and all(line.startswith("transfer: ") for line in lines)
    assert sorted(tmp_path.iterdir()) == before
