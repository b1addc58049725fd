"""The table of a batch, `batch.csv`: a line for each pair, with its losses, its time, and what went wrong."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer.batch.making import Made
from transfer.batch.orders import Order
from transfer.batch.pairs import harmless
from vgg.tools.files import atomic_write

COLUMNS = ("content", "style", "file", "total", "content loss", "style loss", "tv loss", "steps", "seconds", "problem")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    file: str = ""
    total: float = float("nan")
    groups: tuple[float, float, float] = (float("nan"),) * 3  # content, style, tv
    steps: int = 0
    seconds: float = 0.0
    problem: str = ""

    @classmethod
    def of(cls, order: Order, record: dict[str, Any]) -> "Row":
        """Return the row of a finished picture."""
        losses = record["losses"] or record["steps"][-1]
        groups = tuple(losses[name] for name in ("content", "style", "tv"))
        steps = record["steps"]
        return cls(order.pair.name, record["result"]["file"], losses["total"], groups, len(steps), steps[-1]["seconds"])

    @classmethod
    def of_record(cls, order: Order) -> "Row":
        """Return the row of a picture that was there already."""
        return cls.of(order, order.record())


def row_of(made: Made) -> Row:
    """Return the row of a picture that could not be made."""
    return Row(made.order.pair.name, problem=made.problem)


def write_table(path: Path, orders: Sequence[Order], rows: Mapping[Order, Row]) -> None:
    """Write the rows as CSV, in the order of the pairs; raises InputError, for example on a full disk."""
    text = {"newline": "", "encoding": "utf-8", "errors": "backslashreplace"}  # a file's name need not be UTF-8
    with atomic_write(path) as unfinished, unfinished.open("w", **text) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for order in (order for order in orders if order in rows):
            row = rows[order]
            numbers = ["" if row.problem else f"{value:.6g}" for value in (row.total, *row.groups)]
            counts = (row.steps or "", f"{row.seconds:.2f}" if row.seconds else "")
            writer.writerow([*map(harmless, (*order.pair, row.file)), *numbers, *counts, harmless(row.problem)])
