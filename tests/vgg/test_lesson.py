"""The lesson as a notebook: its Python as it is, its commands as cells that run them, its pictures inside."""

import base64
import json
import re

import pytest

from microscope_command import ROOT
from vgg.lesson import LESSON, main
from vgg.microscope.command_line import build_parser
from vgg.tools.image import read_image, resize_to, write_image

TEXT = LESSON.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> list[dict]:
    file = tmp_path_factory.mktemp("lesson") / "deep" / "lesson.ipynb"
    assert main([str(file)]) == 0
    return json.loads(file.read_text(encoding="utf-8"))["cells"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_every_block_of_python_is_a_cell_in_the_lessons_order(cells):
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    code = [source(cell) for cell in cells if cell["cell_type"] == "code"]
    assert [text for text in code if "%" not in text.split()[0]] == [block.strip() for block in blocks]


def test_every_command_is_a_cell_that_runs_it_and_shows_its_sheet(cells):
    typed = re.findall(r"^(?:\$ )?\.venv/bin/python -m vgg (?!atlas)(\w+)", TEXT, re.MULTILINE)
    code = [source(cell) for cell in cells if cell["cell_type"] == "code"]
    runs = [text for text in code if text.startswith("%run -m vgg ")]
    with_missing_weights = len(re.findall(r"--weights weights/imagenet", TEXT))
    assert len(typed) - with_missing_weights <= len(runs) <= len(typed)  # those stay text where the file is missing
    for text in runs:
        command, _, shown = text.partition("\n")
        words = command.removeprefix("%run -m vgg ").split()
        options = build_parser().parse_args(words)
        if options.command == "layers" or "--summary" in words:
            assert not shown
        else:
            assert "--overwrite" in words
            assert shown == f"display(Image('{options.output or f'output/{options.command}.png'}'))"


def test_pictures_are_inside_and_links_lead_to_files(cells, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "lesson0" / "deep"
    pictures = {name: content for cell in cells for name, content in cell.get("attachments", {}).items()}
    assert set(pictures) == {name.rpartition("/")[2] for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", TEXT)}
    for name, content in pictures.items():
        assert base64.b64decode(content["image/jpeg"]) == (ROOT / ".readme" / name).read_bytes()
    for cell in cells:
        for target in re.findall(r"(?<!!)\[[^\]]+\]\((?!https?:|#|attachment:)([^)]+)\)", source(cell)):
            assert (folder / target).exists(), target


def test_the_same_bytes_each_time_and_another_ending_is_refused(tmp_path, capfd):
    files = [tmp_path / "a.ipynb", tmp_path / "b.ipynb"]
    assert [main([str(file)]) for file in files] == [0, 0]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert main([str(tmp_path / "lesson.txt")]) == 2
    assert "expected one that ends in .ipynb" in capfd.readouterr().err


def test_the_notebook_runs_from_top_to_bottom(tmp_path):
    """In another folder, so that nothing of the user's is replaced; with the shipped network and a drawn picture."""
    nbclient = pytest.importorskip("nbclient", reason="the notebook is run where `make lesson` has installed Jupyter")
    nbformat = pytest.importorskip("nbformat")
    assert main([str(tmp_path / "lesson.ipynb")]) == 0
    notebook = nbformat.read(tmp_path / "lesson.ipynb", 4)
    (tmp_path / "output").mkdir()
    write_image(
        tmp_path / "output" / "result.png", resize_to(read_image(ROOT / "transfer/samples/scene.jpg"), 384, 512)
    )
    first = notebook.cells[0]
    assert first.source.startswith("%cd -q ")
    there = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n%cd -q {tmp_path}\n"
    first.source = there + first.source.partition("\n")[2]
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    for cell in notebook.cells:
        if cell.cell_type == "code" and "display(Image(" in cell.source:
            shown = [output.data for output in cell.outputs if output.output_type == "display_data"]
            assert any("image/png" in data for data in shown), cell.source
