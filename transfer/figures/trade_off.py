"""How the losses of one run fell: each layer's part against the step, from the run's `.json`.

Drawn with matplotlib, which nothing else here needs: `.venv/bin/python -m pip install matplotlib`, or `make figures`,
which installs it.
"""

import json
from pathlib import Path
from typing import Any

from vgg.errors import InputError
from vgg.whole_file import whole_file


def steps_of(path: Path) -> list[dict[str, Any]]:
    """The steps in the record of a finished run; raises InputError if `path` is no such record."""
    what_to_do = "name the .json that `python -m transfer` wrote beside a picture"
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
        if not steps or not all(isinstance(step["layers"], dict) and step["step"] for step in steps):
            raise ValueError
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); {what_to_do}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is no record of a run with the losses of its layers; {what_to_do}") from None
    return steps


def draw(path: Path, output: Path) -> None:
    """Plot the record `path` to the PNG `output`: content layers dashed, style layers solid, on logarithmic axes.

    Raises:
        InputError: the record cannot be used, matplotlib is not installed, or `output` cannot be written.
    """
    steps = steps_of(path)
    if output.suffix.lower() != ".png":
        raise InputError(f"the output {output} ends in {output.suffix!r}, expected .png; change its ending")
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise InputError(
            "matplotlib is not installed; get it with `.venv/bin/python -m pip install matplotlib`"
        ) from None
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    numbers = [step["step"] for step in steps]
    for term in steps[0]["layers"]:
        axes.plot(
            numbers, [step["layers"][term] for step in steps], "--" if term.startswith("content") else "-", label=term
        )
    if any(step.get("tv") for step in steps):
        axes.plot(numbers, [step["tv"] for step in steps], ":", color="gray", label="total variation")
    axes.plot(numbers, [step["total"] for step in steps], "k", linewidth=2, label="total")
    axes.set(xlabel="step", ylabel="loss, weighted as it is summed", xscale="log", yscale="log", title=path.stem)
    axes.grid(True, which="both", alpha=0.2)
    figure.legend(loc="outside right upper")
    with whole_file(output) as unfinished:
        # Without the program's version in it, the same run gives the same bytes.
        figure.savefig(unfinished, format="png", dpi=120, metadata={"Software": None})
