"""Plots how the losses of one run fell, layer by layer, from the run's `.json`.

Drawn with matplotlib, which nothing else here needs: `.venv/bin/python -m pip install matplotlib`, or `make figures`,
which installs it.
"""

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from transfer.figures.history import History, history_of
from vgg.errors import InputError, typed
from vgg.tools.files import atomic_write
from vgg.tools.image import check_output

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(path: Path, output: Path | None = None) -> Path:
    """Plot the record `path` to a PNG, by default beside it, and return the PNG's path.

    Raises:
        InputError: the record cannot be used, matplotlib is not installed, or `output` cannot be written.
    """
    history = history_of(path)
    output = output or path.with_name(f"{path.stem}-trade-off.png")
    if output.suffix.lower() != ".png":
        raise InputError(f"the output {output} ends in {output.suffix!r}, expected .png; change its ending")
    check_output(output, [path])
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it logs about its fonts and caches
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that its font lacks becomes a box
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError:
            raise InputError(
                f"matplotlib is not installed; get it with `{typed('pip', 'install', 'matplotlib')}`"
            ) from None
        figure = Figure(figsize=(8, 5), layout="constrained")
        _plot(figure, history, path.stem)
        with atomic_write(output) as unfinished:
            # Without the program's version in it, the same run gives the same bytes.
            figure.savefig(unfinished, format="png", dpi=120, metadata={"Software": None})
    return output


def _plot(figure: "Figure", history: History, title: str) -> None:
    """Draw content layers dashed, style layers solid, on logarithmic axes."""
    axes = figure.add_subplot()
    for term, losses in history.layers.items():
        axes.plot(history.numbers, losses, "--" if term.startswith("content") else "-", label=_plain(term))
    if any(history.variation):
        axes.plot(history.numbers, history.variation, ":", color="gray", label="total variation")
    axes.plot(history.numbers, history.total, "k", linewidth=2, label="total")
    axes.set(xlabel="step", ylabel="loss, weighted as it is summed", xscale="log", yscale="log")
    axes.set_title(_plain(title), parse_math=False)
    axes.grid(True, which="both", alpha=0.2)
    if len(history.sizes) > 1:
        _mark_sizes(axes, history)
    for text in figure.legend(loc="outside right upper").get_texts():
        text.set_parse_math(False)


def _mark_sizes(axes: "Axes", history: History) -> None:
    """Draw a line where the image's size changes, with the sizes, and say why the losses jump there.

    The terms are made anew for each size (`transfer.objective.terms`). Their targets are those of the content and style
    pictures at that size. Losses relative to a picture of reference, as in the recipe `default`, are in units of that
    picture's distance at that size. So the jump between two sizes says nothing.
    """
    top = axes.get_xaxis_transform()  # x in steps, y as a share of the height
    for number, size in history.sizes:
        if number != history.sizes[0][0]:
            axes.axvline(number, color="gray", linestyle=":", linewidth=1)
        # Upright, because on a logarithmic axis the sizes of a long run stand close together.
        place = {"rotation": 90, "ha": "center", "va": "bottom"}
        axes.text(number, 1.015, f"{size} px", transform=top, color="gray", fontsize=8, **place)
    axes.set_title(axes.get_title(), pad=40, parse_math=False)
    axes.set_xlabel(
        "step\nEach size has its own targets (content and style at that size) and,\n"
        "in the recipe default, its own units: do not compare losses of two sizes."
    )


def _plain(text: str) -> str:
    """Return the text without the halves of letters that a file name or a JSON string can have, and a font cannot."""
    return text.encode("utf-8", "replace").decode()
