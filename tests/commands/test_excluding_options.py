"""Options that exclude each other: each is refused in one line, and both `--help` and the reference say so before."""

import numpy as np
import pytest

from image_files import png_of
from microscope_command import ROOT
from refused_command import refused_by
from transfer.__main__ import main as transfer
from transfer.batch import main as batch
from transfer.cli.options import BESIDE_RECORD
from transfer.video import main as video

TEXT = (ROOT / "transfer" / "README.md").read_text(encoding="utf-8")
#: The program, an option, and those that cannot stand beside it.
OF_A_PICTURE = [
    ("--strength 0.3", ["--content-weight 1", "--style-weight 1"]),
    ("--precision bfloat16", ["--optimizer l-bfgs"]),
    ("--workers 2", ["--scheduler tcp://127.0.0.1:1"]),
]
OF_A_BATCH = [
    (workers, ["--preview-every 2", "--save-every 2", "--log-dir logs"])
    for workers in ("--workers 2", "--scheduler tcp://127.0.0.1:1")
]
OF_A_BATCH += [("--scheduler tcp://127.0.0.1:1", ["--max-memory 2"])]
OF_A_FILM = ["--full-size", "--full-size-steps 2", "--depth 16", "--report-as default"]
OF_A_FILM += ["--save-every 2"]
OF_A_FILM += ["--log-dir logs", "--checkpoint-every 2"]


def help_of(main, monkeypatch, capfd) -> str:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        main(["--help"])
    return capfd.readouterr().out


def named(words: str) -> str:
    """The option of `--option value`."""
    return words.split()[0]


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    for name in ("content.png", "style.png"):
        (tmp_path / name).write_bytes(png_of(np.zeros((40, 40, 3), np.uint8)))
    return ["content.png", "style.png", "-o", "out", "--size", "32"]


def documented(option: str, others: list[str], whose: str = "") -> None:
    """There is a row of the reference with this option and all of those."""
    section = TEXT[TEXT.index("### Options that exclude each other") :]
    rows = [line for line in section.splitlines() if line.startswith(f"| {whose}") and option in line]
    assert any(all(named(other) in row for other in others) for row in rows), (option, others)


def test_of_a_picture(tmp_path, pictures, monkeypatch, capfd):
    words = [*pictures[:3], "out.png", *pictures[4:]]
    shown = help_of(transfer, monkeypatch, capfd)
    for option, others in OF_A_PICTURE:
        documented(named(option), others)
        of_the_option = shown.split(f"\n  {named(option)} ")[1].split("\n  -")[0]
        for other in others:
            assert named(other) in of_the_option
            found = refused_by(transfer, "transfer", [*words, *option.split(), *other.split()], capfd, tmp_path)
            assert named(option) in found and named(other) in found
    allowed = [name for name in BESIDE_RECORD if name not in ("record", "output")]
    documented("`--from`", [f"--{name.replace('_', '-')}" for name in allowed])
    for option in ("--seed 3", "--size 40", "content.png"):
        found = refused_by(transfer, "transfer", ["--from", "a.json", *option.split()], capfd, tmp_path)
        assert "beside --from" in found
    assert "no pictures and no choices" in shown


#: What a record stands for, and what cannot stand beside it; the row of the reference begins like the first word.
OF_A_RECORD = {
    "--pick 2 --from sheet.json": ["content.png", "--exact", "--strength 0.2,0.3", "--size 32,48"],
    "--continue a.json": ["content.png", "--exact", "--size 40", "--full-size", "--strength 0.3", "--region 0=keep"],
}
#: A region with a picture of its own, and what tells of regions in another way.
OF_A_REGION = ["--region white=keep", "--content-mask content.png", "--style-mask style.png"]


def test_of_records_and_of_regions(tmp_path, pictures, monkeypatch, capfd):
    monkeypatch.setattr("transfer.cli.command_line.start_tensorflow", None)
    for given, others in OF_A_RECORD.items():
        documented(f"`{named(given)}`", [], f"`{named(given)}`")
        for other in others:
            found = refused_by(transfer, "transfer", [*given.split(), *other.split()], capfd, tmp_path)
            assert f"beside {named(given)}, which" in found, (given, other)
            assert (named(other) if other[0] == "-" else "a picture") in found
    for more in ("--from b.json", "--pick 2", "--pick 2 --from b.json"):
        found = refused_by(transfer, "transfer", ["--continue", "a.json", *more.split()], capfd, tmp_path)
        assert "is given beside --continue, which takes all choices from the record" in found
    documented("--region", [other for other in OF_A_REGION if "=" not in other], "`--region` with a picture")
    words = [*pictures[:3], "out.png", *pictures[4:], "--region", "style.png=0.2"]
    for other in OF_A_REGION:
        found = refused_by(transfer, "transfer", [*words, *other.split()], capfd, tmp_path)
        assert "--region style.png is a picture of one region" in found


def test_of_a_batch(tmp_path, pictures, monkeypatch, capfd):
    words = ["--contents", pictures[0], "--styles", *pictures[1:]]
    shown = help_of(batch, monkeypatch, capfd).replace("\n", " ")
    for option, others in OF_A_BATCH:
        documented(named(option), others, "a batch's")
        for other in others:
            assert shown.index("Not with --workers or --scheduler") < shown.rindex(named(other))
            found = refused_by(batch, "batch", [*words, *option.split(), *other.split()], capfd, tmp_path)
            assert named(other) in found
    for other in (["--pairs", "list.csv"], ["--", "folder"]):
        assert "expected one of" in refused_by(batch, "batch", [*words, *other], capfd, tmp_path)
    assert "one of: a folder; --contents and --styles; a CSV file" in shown
    documented("--contents", ["--styles", "FILE.csv"], "a batch's folder")


def test_of_a_film(tmp_path, pictures, monkeypatch, capfd):
    shown = help_of(video, monkeypatch, capfd)
    documented("a film", OF_A_FILM)
    for option in OF_A_FILM:
        assert named(option) in shown.split("Not for a film: ")[1]
        found = refused_by(video, "video", [*pictures, *option.split()], capfd, tmp_path)
        assert f"{named(option)} is for single pictures" in found
