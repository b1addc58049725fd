"""One evaluation of loss and gradient against this machine's matrix multiplication in the same precision."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import tensorflow as tf

from transfer.inputs.files import SAMPLE, Files
from transfer.inputs.pictures import Pictures, load
from transfer.objective.objective import Objective
from transfer.objective.references import References
from transfer.objective.striped import StripedEvaluation
from transfer.objective.terms import terms_of
from transfer.objective.whole import WholeEvaluation
from transfer.precision import precisions
from transfer.recipe.choices import Recipe
from transfer.recipe.ours import DEFAULT
from transfer.session import Session
from vgg.layers import deepest
from vgg.matfile.read import Weights
from vgg.microscope.layers import layer_table

MATRIX = 2048  # rows and columns of the matrices; large enough that the multiplication is all that takes time
ROUNDS = 7
ROWS = 64  # of a stripe


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


def multiplication(precision: str) -> tuple[Callable[[], object], float]:
    """Return a function that multiplies two square matrices, and its number of operations."""
    matrix = tf.cast(tf.random.stateless_normal((MATRIX, MATRIX), (1, 2)), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    return lambda: product().numpy(), 2.0 * MATRIX**3


def evaluations(weights: Weights, pictures: Pictures, recipe: Recipe) -> dict[str, Callable[[], object]]:
    """Return what is compared, the reference first: the whole image in float32."""
    references = References(pictures.content_image, pictures.style_images)
    start = pictures.content_image.astype(np.float32)
    session = Session(weights, float("inf"))
    found: dict[str, Callable[[], object]] = {}
    for rows in (None, ROWS):
        for precision in precisions():
            network = session.network(recipe, precision)
            terms = terms_of(recipe, network, *start.shape[:2])
            evaluation = StripedEvaluation(network, terms, rows) if rows else WholeEvaluation(network, terms)
            name = f"{precision}, stripes of {rows} rows" if rows else precision
            found[name] = partial(Objective(evaluation, references), start)
    return found


def report(weights: Weights, size: int) -> Iterator[str]:
    """Yield the lines of the table. All are timed in turn, so that a slow moment of the machine hits each alike."""
    pictures = load(Files(SAMPLE, SAMPLE), replace(DEFAULT, size=size))
    height, width = pictures.content_image.shape[:2]
    multiply, timed = {}, evaluations(weights, pictures, DEFAULT)
    for precision in precisions():
        multiply[precision], matrix_operations = multiplication(precision)
    tasks = [(f"limit {name}", run) for name, run in multiply.items()] + list(timed.items())
    seconds: dict[str, list[float]] = {name: [] for name, _ in tasks}
    for _, run in tasks:
        run()  # compiles
    for _ in range(ROUNDS):
        for name, run in tasks:
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    limits = {name: matrix_operations / np.median(seconds[f"limit {name}"]) for name in multiply}
    yield f"One evaluation of {width}x{height} pixels, {ROUNDS} rounds in turn; median (fastest to slowest)"
    limit = ", ".join(f"{rate / 1e9:.0f} GFLOP/s in {name}" for name, rate in limits.items())
    yield f"limit: a product of two {MATRIX}x{MATRIX} matrices, {limit}"
    for name in timed:
        taken = np.array(seconds[name])
        rate = operations(DEFAULT, height, width) / np.median(taken)
        share = rate / limits[name.split(",")[0]]
        ratio = np.median(np.array(seconds["float32"]) / taken)
        yield (
            f"{name:30} {np.median(taken):6.3f} s ({taken.min():.3f} to {taken.max():.3f})  "
            f"{rate / 1e9:5.0f} GFLOP/s  {share:4.0%} of the limit  {ratio:.2f} times as fast as float32"
        )
