"""The lesson of `vgg/README.md` as a notebook: `python -m vgg.lesson FILE.ipynb`, or `make lesson`.

The Markdown is the only source. Its Python becomes cells as it is. Its commands become cells that run them in the
notebook's own process, so that TensorFlow is loaded once, and that show the sheet which a command writes.
"""

import base64
import mimetypes
import re
import shlex
from os.path import relpath
from pathlib import Path

from vgg.errors import InputError, typed
from vgg.tools import console
from vgg.tools.console import file_name
from vgg.tools.files import write_whole

ROOT = Path(__file__).parents[1]
LESSON = ROOT / "vgg" / "README.md"

#: The first cell: the lesson's paths begin in the project's folder, and so do its imports.
FIRST_CELL = f"%cd -q {ROOT}\nfrom IPython.display import Image, display"

#: Without it, jupytext would take the language that most blocks have, which may be the shell's.
HEADER = "---\njupyter:\n  kernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"


def commands_as_blocks(text: str) -> str:
    """Return Markdown in which a block of console lines has kept the commands only, not what they print."""

    def commands(block: re.Match) -> str:
        typed = [line.removeprefix("$ ") for line in block[1].splitlines() if line.startswith("$ ")]
        return "\n".join(["```sh", *typed, "```"])

    return re.sub(r"^```console\n(.*?)^```", commands, text, flags=re.DOTALL | re.MULTILINE)


def source_of(words: list[str]) -> str:
    """Return a cell that runs `python -m vgg WORDS` in the notebook's process and shows the sheet, if it writes one."""
    if words[0] == "layers" or "--summary" in words:
        return f"%run -m vgg {shlex.join(words)}"
    sheet = words[words.index("-o") + 1] if "-o" in words else f"output/{words[0]}.png"
    return f"%run -m vgg {shlex.join(words)} --overwrite\ndisplay(Image({sheet!r}))"


def cells_of_commands(source: str) -> list[dict]:
    """Return the cells of a block of commands; a long one, or one whose weights are missing, stays text."""
    from nbformat.v4 import new_code_cell, new_markdown_cell

    cells = []
    for command in source.splitlines():
        _, *module, words = *shlex.split(command)[:3], shlex.split(command)[3:]
        if module != ["-m", "vgg"]:
            continue  # the line that tells Jupyter which shell the block is for
        weights = words[words.index("--weights") + 1] if "--weights" in words else None
        if words[0] != "atlas" and (weights is None or (ROOT / weights).exists()):
            cells.append(new_code_cell(source_of(words)))
        else:
            cells.append(new_markdown_cell(f"```sh\n{command}\n```"))
    return cells


def with_links(cell: dict, folder: Path) -> dict:
    """Return a Markdown cell with its pictures inside, and with links to files as they are seen from `folder`."""
    attachments = {}

    def seen_from_folder(link: re.Match) -> str:
        is_picture, words, target = link.groups()
        path = (LESSON.parent / target).resolve()
        if not is_picture:
            return f"[{words}]({relpath(path, folder.resolve())})"
        content = base64.b64encode(path.read_bytes()).decode()
        attachments[path.name] = {mimetypes.guess_type(path.name)[0]: content}
        return f"![{words}](attachment:{path.name})"

    cell.source = re.sub(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)", seen_from_folder, cell.source)
    if attachments:
        cell["attachments"] = attachments
    return cell


def notebook(text: str, folder: Path) -> dict:
    """Return the notebook of a lesson in Markdown, as an nbformat node, to be written into `folder`."""
    import jupytext
    from nbformat.v4 import new_code_cell

    made = jupytext.reads(HEADER + commands_as_blocks(text), "md")
    cells = [new_code_cell(FIRST_CELL)]
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cells.append(with_links(cell, folder))
        else:
            cells += cells_of_commands(cell.source) if cell.source.startswith("%%") else [cell]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # else a random one, and the file would differ each time
    made.cells = cells
    return made


def write_notebook(path: Path) -> None:
    """Write the notebook over an earlier one, which can be made again; raise InputError if it cannot be written."""
    import nbformat

    if path.suffix != ".ipynb":
        raise InputError(f"the notebook's name is {path}, expected one that ends in .ipynb")
    write_whole(path, nbformat.writes(notebook(LESSON.read_text(encoding="utf-8"), path.parent)))


def main(arguments: list[str] | None = None) -> int:
    """Write the notebook and return the exit code."""
    parser = console.Parser(prog=typed("vgg.lesson"), description="Write the lesson as a notebook.")
    parser.add_argument("file", type=file_name, nargs="?", default=Path("output/lesson.ipynb"))
    options = parser.parse_args(arguments)
    return console.run("lesson", lambda: write_notebook(options.file))


if __name__ == "__main__":
    raise SystemExit(main())
