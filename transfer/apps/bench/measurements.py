"""Measurements of the loss and its optimisers, each as the lines of a table.

evaluation   one evaluation of loss and gradient against a matrix multiplication in the same precision
convergence  how soon each optimiser reaches the loss of the reference: float32 with SciPy's L-BFGS-B
sizes        peak memory and time per megapixel of one evaluation
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.files import SAMPLE, Files
from transfer.inputs import load
from transfer.objective import Objective, WholeEvaluation, terms_of
from transfer.precision import precisions
from transfer.recipes import DEFAULT, Recipe
from transfer.session import Job, Session
from transfer.striped.evaluation import StripedEvaluation
from transfer.targets import References
from transfer.train import Step, train
from vgg.layers import deepest
from vgg.matfile.read import Weights, read
from vgg.microscope.layers import layer_table
from vgg.network import VGG19, Precision

ROWS = 64  # of a stripe
#: Of `evaluation`: rows and columns of the matrices, so many that the multiplication is all that takes time; rounds.
MATRIX, ROUNDS = 2048, 7
#: Of `convergence`: steps of the reference, and of all others. One that is 0.1 % above at the end would otherwise be
#: "not reached", which says nothing.
STEPS, MORE_STEPS = 150, 170
#: Steps at each coarser size: enough for the large forms, and with both sizes together as long as 13 at the last.
COARSE_STEPS = 40
KEEP_EVERY = 3  # steps
#: Of `sizes`: sides of square pictures, and the largest that is evaluated whole: 4096² needs about 45 GB in float32.
SIZES, LARGEST_WHOLE = (512, 1024, 2048, 4096), 2048


class Variant(NamedTuple):
    """One way to minimise the same loss."""

    name: str
    precision: Precision
    optimizer: str
    scales: tuple[int, ...] = ()


VARIANTS = (
    Variant("float32, SciPy's L-BFGS-B", "float32", "l-bfgs"),
    Variant("float32, Adam", "float32", "adam"),
    Variant("float32, unit steps", "float32", "l-bfgs-unit"),
    Variant("bfloat16, unit steps", "bfloat16", "l-bfgs-unit"),
    Variant("bfloat16, unit steps, coarse to fine", "bfloat16", "l-bfgs-unit", (64, 128)),
)


def evaluation(weights: Weights, size: int = 512) -> Iterator[str]:
    """Yield the lines of the table. All are timed in turn, so that a slow moment of the machine hits each alike."""
    images = load(Files(SAMPLE, SAMPLE), replace(DEFAULT, size=size))
    content, style = images.content_image, images.style_image
    height, width = content.shape[:2]
    tasks = {f"limit {precision}": multiplication(precision) for precision in precisions()}
    timed = {}
    for rows, precision in product((None, ROWS), precisions()):
        network = VGG19(weights, DEFAULT.pooling, precision)
        name = f"{precision}, stripes of {rows} rows" if rows else precision
        timed[name] = evaluation_of(network, content, style, rows)
    seconds = timed_in_turn(tasks | timed)
    limits = {precision: 2.0 * MATRIX**3 / np.median(seconds[f"limit {precision}"]) for precision in precisions()}
    yield f"One evaluation of {width}x{height} pixels, {ROUNDS} rounds in turn; median (fastest to slowest)"
    limit = ", ".join(f"{rate / 1e9:.0f} GFLOP/s in {precision}" for precision, rate in limits.items())
    yield f"limit: a product of two {MATRIX}x{MATRIX} matrices, {limit}"
    for name in timed:
        times = seconds[name]
        rate = operations(DEFAULT, height, width) / np.median(times)
        share = rate / limits[name.split(",")[0]]
        ratio = np.median(seconds["float32"] / times)
        yield (
            f"{name:30} {np.median(times):6.3f} s ({times.min():.3f} to {times.max():.3f})  "
            f"{rate / 1e9:5.0f} GFLOP/s  {share:4.0%} of the limit  {ratio:.2f} times as fast as float32"
        )


def timed_in_turn(tasks: dict[str, Callable[[], object]]) -> dict[str, np.ndarray]:
    """Return the seconds of `ROUNDS` calls of each task, after one in which it compiles."""
    for run in tasks.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS):
        for name, run in tasks.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: np.array(times) for name, times in seconds.items()}


def operations(recipe: Recipe, height: int, width: int) -> float:
    """Return the additions and multiplications of one evaluation, in convolutions (both ways) and Gram matrices.

    Backward is as much as forward, because gradients go to the picture only and not to the kernels.
    """
    names = tuple(name for name, _ in (*recipe.content_layers, *recipe.style_layers))
    rows = {row.name: row for row in layer_table(height, width)[: deepest(names).index + 1]}
    multiply_adds = sum(row.multiply_adds for row in rows.values())
    for name, _ in recipe.style_layers:
        _, down, across, channels = rows[name].output
        multiply_adds += down * across * channels**2  # F^T F; its gradient F D is as much again
    return 2.0 * 2.0 * multiply_adds


def multiplication(precision: Precision) -> Callable[[], object]:
    """Return a function that multiplies two square matrices."""
    matrix = tf.cast(tf.random.stateless_normal((MATRIX, MATRIX), (1, 2)), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    return lambda: product().numpy()


def evaluation_of(
    network: VGG19, content: np.ndarray, style: np.ndarray, rows: int | None = None
) -> Callable[[], object]:
    """Return a function that evaluates the recipe `default` at the content image, whole or in stripes of `rows`."""
    terms = terms_of(DEFAULT, network, *content.shape[:2])
    evaluation = StripedEvaluation(network, terms, rows) if rows else WholeEvaluation(network, terms)
    return partial(Objective(evaluation, References(content, (style,)), terms), content.astype(np.float32))


def convergence(weights: Weights, size: int = 256) -> Iterator[str]:
    """Yield the lines of the table, for a start from the content image and one from noise.

    The losses compared are all computed in float32, whatever a run itself computed in: of some images on its way, which
    are kept with the time at which they were there.
    """
    sessions = {precision: Session(weights, float("inf"), precision) for precision in precisions()}
    for init in ("content", "noise"):
        recipe = replace(DEFAULT, init=init, iterations=STEPS, scales=(), size=size, margin=0)
        job = Job(recipe, load(Files(SAMPLE, SAMPLE), recipe))
        exact = sessions["float32"].objective(recipe, job.images)
        yield f"From {init}, {size} pixels: the time to the float32 loss that the first reaches after {STEPS} steps"
        goal, reference = 0.0, 0.0
        for variant in (variant for variant in VARIANTS if variant.precision in sessions):
            longer = replace(job, recipe=replace(recipe, iterations=MORE_STEPS))
            images = images_on_the_way(variant, sessions[variant.precision], longer if goal else job)
            losses = np.array([exact(image)[0].total for _, _, image in images])
            if not goal:
                goal, reference = losses[-1], images[-1][0]
            reached = np.flatnonzero(losses <= goal)
            if not len(reached):
                yield f"{variant.name:38} {losses.min():.5f} after {images[-1][0]:6.1f} s: not reached"
                continue
            seconds, evaluations, _ = images[reached[0]]
            yield (
                f"{variant.name:38} {losses[reached[0]]:.5f} after {seconds:6.1f} s, {evaluations:3} evaluations: "
                f"{reference / seconds:4.2f} times as soon; at its end {losses.min():.5f}"
            )


def images_on_the_way(variant: Variant, session: Session, job: Job) -> list[tuple[float, int, np.ndarray]]:
    """Train, and return (seconds, evaluations, image) of every third step at the final size."""
    job = replace(job, recipe=replace(job.recipe, optimizer=variant.optimizer, scales=variant.scales))
    final, images, phases = job.images.content_image.shape[:2], [], []
    for phase in session.phases(job):
        is_final = (phase.height, phase.width) == final
        phases.append(phase if is_final else replace(phase, until=phase.until * COARSE_STEPS // MORE_STEPS))
        # Compiled once, outside the time.
        phase.build_objective()(np.zeros((phase.height, phase.width, 3), np.float32))

    def keep(step: Step, image: np.ndarray) -> None:
        if step.size == max(final) and step.step % KEEP_EVERY == 0:
            images.append((step.seconds, step.evaluations, image.copy()))

    train(phases, session.start(job), keep)
    return images


def sizes(weights: Weights, sides: tuple[int, ...] = SIZES) -> Iterator[str]:
    """Yield the lines of the table: both precisions, whole and in stripes.

    Each is measured in a new process, whose memory nothing else has used.
    """
    yield "One evaluation of a square picture: time per megapixel and peak memory of the whole process"
    base = 0.0
    for side in sides:
        for rows, precision in product((0, ROWS), precisions()):
            name = f"{side:4} {precision:8} {f'stripes of {rows}' if rows else 'whole':13}"
            if side > LARGEST_WHOLE and not rows:
                yield f"{name} does not fit"
                continue
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                measured = process.submit(measure_once, weights.path, side, precision, rows).result()
            seconds, peak = measured
            pace = seconds / (side * side / 1e6)
            base = base or pace
            yield f"{name} {pace:6.2f} s/MP, {pace / base:4.2f} times the first line's  {peak / 1e9:5.2f} GB"


def measure_once(weights_file: Path, size: int, precision: Precision, rows: int) -> tuple[float, float]:
    """Return the seconds of the second evaluation of size × size pixels, all at once if `rows` is 0, and peak bytes."""
    content, style = (np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8) for seed in (0, 1))
    evaluate = evaluation_of(VGG19(read(weights_file), DEFAULT.pooling, precision), content, style, rows)
    evaluate()
    began = time.perf_counter()
    evaluate()
    return time.perf_counter() - began, peak_bytes()


def peak_bytes() -> float:
    """Return the most memory that this process has had."""
    try:  # what `getrusage` says on Linux begins with the memory of the process that started this one
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return 1024.0 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    except (OSError, StopIteration):
        unit = 1.0 if sys.platform == "darwin" else 1024.0
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
