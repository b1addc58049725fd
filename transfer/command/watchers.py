"""How the command lines show a step of the training loop."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transfer.train import Step  # and TensorFlow with it, which `--help` does not wait for


def describe(step: "Step") -> str:
    """The losses of a step, weighted as they are summed."""
    variation = f"  tv {step.tv:.4g}" if step.tv else ""
    return f"loss {step.total:.4g}  content {step.content:.4g}  style {step.style:.4g}{variation}"
