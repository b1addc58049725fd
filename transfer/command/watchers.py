"""What looks on while a run goes by. A watcher is a function of a `Step` and the best image so far."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transfer.train import Step  # and TensorFlow with it, for which `--help` does not wait


def describe(step: "Step") -> str:
    """Return the losses of a step in words, weighted as they are summed."""
    groups = {"content": 0.0, "style": 0.0} | step.losses.groups
    shown = (f"{name} {loss:.4g}" for name, loss in groups.items() if loss or name in ("content", "style"))
    return f"loss {step.losses.total:.4g}  {'  '.join(shown)}"
