"""How the command line shows a step of the training loop."""

from transfer.train import Step


def describe(step: Step) -> str:
    """The losses of a step, weighted as they are summed."""
    variation = f"  tv {step.tv:.4g}" if step.tv else ""
    return f"loss {step.total:.4g}  content {step.content:.4g}  style {step.style:.4g}{variation}"
