"""The lines under "From Python" in the guide run, and make the picture of the command that stands below them."""

import re
import shlex
from pathlib import Path

import numpy as np

from transfer.cli.command_line import main
from vgg.tools.image import read_image, write_image

GUIDE = (Path(__file__).parents[2] / "transfer" / "README.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## From Python\n(.*?)^## ", GUIDE, re.DOTALL | re.MULTILINE)[1]


def test_the_lines_make_the_picture_of_the_command(tmp_path, mat_file, image, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vgg.load.weights_path", lambda named: mat_file)
    write_image("photo.jpg", image)
    write_image("painting.jpg", image[::-1, ::-1])
    (lines,) = re.findall(r"^```python\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE)
    exec(compile(lines, "transfer/README.md", "exec"), {})
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [int(step) for step, _ in printed] == list(range(1, 31))
    assert float(printed[-1][1]) < float(printed[0][1])

    (command,) = re.findall(r"`\.venv/bin/python -m transfer (.*?)`", SECTION, re.DOTALL)
    assert main([*shlex.split(command), "--weights", str(mat_file), "-o", "command.png", "--quiet"]) == 0
    np.testing.assert_array_equal(read_image("output/mine.png"), read_image("command.png"))
