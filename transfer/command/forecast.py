"""What is said before the first step: what will be computed, how long that will take, and how much memory it needs."""

import time
from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from transfer.machine import available_bytes
from transfer.margin import continued
from transfer.session import Job, Session
from transfer.train import Objective, Phase
from vgg.tools.progress import duration
from weights.verify import describe


def forecast(
    session: Session, job: Job, phases: Sequence[Phase], start: np.ndarray, say: Callable[[str], None]
) -> None:
    """Say what is computed, how long that will take, and how much memory."""
    recipe, first = job.recipe, phases[0]
    seconds = seconds_per_evaluation(first.build_objective(), continued(start, first.margin))
    sizes = list(dict.fromkeys((phase.height, phase.width) for phase in phases))
    seconds *= recipe.iterations * sum(map(prod, sizes)) / prod(sizes[0])  # of the smallest
    plan = session.plan(recipe, *sizes[-1], job.pictures.guided_regions)
    in_stripes = f", in stripes of {plan.rows} rows" if plan.rows else ""
    layers = ", ".join(dict.fromkeys(name for name, _ in (*recipe.content_layers, *recipe.style_layers)))
    low_precision = "" if first.precision == "float32" else f", {first.precision}"
    height, width = sizes[-1]
    say(f"{width}×{height} pixels{in_stripes}; {layers}; {describe(session.weights)}{low_precision}")
    passed = "".join(f"{max(size)}, " for size in sizes[:-1])
    at_each = f" at each of {passed}{max(sizes[-1])} pixels" if passed else ""
    steps = f"{recipe.iterations} steps of {recipe.optimizer}{at_each}"
    say(f"{steps}: about {duration(seconds)}, {plan.needed / 1e9:.1f} GB of memory")
    available = available_bytes()
    if available is not None and available < plan.needed:
        say(f"only {available / 1e9:.1f} GB of memory are free now; close other programs, or choose --max-memory")


def seconds_per_evaluation(objective: Objective, image: np.ndarray) -> float:
    """Return how long an evaluation at `image` (H, W, 3) takes: the second one, because the first one compiles."""
    objective(image)
    began = time.perf_counter()
    objective(image)
    return time.perf_counter() - began
