"""Commands in help, messages and READMEs work when they are typed: they name the Python that has the packages."""

import ast
import os
import shlex
import sys

import pytest

from microscope_command import ROOT
from transfer.__main__ import main as transfer
from transfer.batch import main as batch
from transfer.figures import main as figures
from transfer.masks import main as masks
from transfer.page import main as page
from transfer.video import main as video
from vgg.__main__ import main as vgg
from weights.__main__ import main as weights

PROGRAMS = {"transfer": transfer, "vgg": vgg, "weights": weights, "transfer.batch": batch, "transfer.masks": masks}
PROGRAMS |= {"transfer.figures": figures, "transfer.video": video, "transfer.page": page}
PRODUCT = [path for folder in ("transfer", "vgg", "weights") for path in (ROOT / folder).rglob("*.py")]


def test_help_names_the_python_that_runs(monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "1000")
    for module, main in PROGRAMS.items():
        with pytest.raises(SystemExit):
            main(["--help"])
        usage, python, dash_m, name, *_ = shlex.split(capfd.readouterr().out.splitlines()[0])
        assert (usage, dash_m, name) == ("usage:", "-m", module)
        assert os.path.samefile(ROOT / python, sys.executable)


def test_in_the_projects_own_environment_the_name_is_short(monkeypatch, capfd):
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    assert transfer(["photo.jpg"]) == 2
    assert "as in `.venv/bin/python -m transfer photo.jpg painting.jpg`" in capfd.readouterr().err


def test_no_text_of_the_program_names_another_python():
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value.value = ""  # a docstring
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not any(words in node.value for words in ("python -m", "pip install")), (path, node.value)


def test_commands_of_the_readmes_run_in_the_environment_that_make_installs():
    for path in (ROOT / "README.md", *ROOT.glob("[tvw]*/*.md")):
        text = path.read_text(encoding="utf-8")
        assert text.count("python -m ") == text.count(".venv/bin/python -m "), path
