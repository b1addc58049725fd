"""How the student learns: it imitates a teacher, any VGG-19, on the maps of all ReLUs and on style distances.

Training a small network on what a large one computes is distillation (Hinton, Vinyals & Dean 2015); matching the maps
inside of it through a learned linear map is FitNets (Romero et al. 2015); Wang et al. 2020 ("Collaborative distillation
for ultra-resolution universal style transfer") make small VGG-19s for style transfer so. Two terms are added up:

    maps        a 1×1 convolution H, the head, finds the teacher's maps T in the student's maps S: the mean of
                (S H - T / u)² over positions and channels, summed over the sixteen ReLUs. u is the root mean square of
                the teacher's layer, so the term is 1 for a student that gives nothing and 0 for a perfect one. No
                recipe uses the ReLUs above relu5_1, so they count less.
    distances   the style distance of two images is ‖G₁ - G₂‖, G a Gram matrix. It should be the same, whether student
                or teacher measures it: the mean of (d_S - d_T)² over all pairs of crops, relative to the mean of d_T²,
                summed over the paper's five style layers.

The heads are needed for training only. In the second term there is no head, so that the student's own maps have the
teacher's geometry: which channels count, and how much.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np
import tensorflow as tf

from vgg.network import VGG19
from weights.train.crops import batches
from weights.train.optimizer import Moments, no_moments, updated
from weights.train.settings import Settings
from weights.train.student import (
    COMPARED,
    IMITATED,
    Parameters,
    feature_maps,
    fold,
    initial_parameters,
    is_normalised,
    plain_parameters,
)

#: Images on which the units of the teacher's layers are measured.
MEASURED = 24
#: How much the maps of the ReLUs above relu5_1 count; those of the others count 1.
SHARE_ABOVE = 0.2
#: Images on which batch normalisation is folded.
FOLDED_ON = 64


def units(teacher: VGG19, images: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the root mean square of the teacher's maps at each ReLU over `images`, arrays (H, W, 3) RGB."""
    chosen = images[:: -(-len(images) // MEASURED)]
    squares = dict.fromkeys(IMITATED, 0.0)
    for image in chosen:
        for name, maps in teacher(tf.constant(image[None], tf.float32), IMITATED).items():
            squares[name] += float(tf.reduce_mean(tf.square(maps))) / len(chosen)
    return {name: math.sqrt(square) or 1.0 for name, square in squares.items()}


def initial_heads(widths: Sequence[int], teacher: VGG19, seed: int) -> Parameters:
    """Return a random 1×1 convolution for each ReLU, {relu name/head: (student's channels, teacher's channels)}."""
    rng = np.random.default_rng([seed, 1])
    heads: Parameters = {}
    for name, width in zip(IMITATED, widths, strict=True):
        head = rng.standard_normal((width, teacher.channels(name)), np.float32) / np.sqrt(2 * width)
        heads[f"{name}/head"] = tf.constant(head, tf.float32)
    return heads


def losses(
    parameters: Parameters, student_maps: dict[str, tf.Tensor], teacher_maps: dict[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Return {"maps": …, "distances": …}, each a vector with one number for a layer, as the head of this file says.

    Args:
        parameters: with the heads.
        student_maps: {relu name: (B, H', W', C/2)}.
        teacher_maps: {relu name: (B, H', W', C)}, divided by the layers' units.
    """
    errors = []
    for name, maps in teacher_maps.items():
        imitated = tf.nn.conv2d(student_maps[name], parameters[f"{name}/head"][None, None], strides=1, padding="SAME")
        errors.append(tf.reduce_mean(tf.square(imitated - maps)))
    gaps = []
    for name in COMPARED:
        of_teacher, of_student = style_distances(teacher_maps[name]), style_distances(student_maps[name])
        gaps.append(tf.reduce_mean(tf.square(of_student - of_teacher)) / tf.reduce_mean(tf.square(of_teacher)))
    return {"maps": tf.stack(errors), "distances": tf.stack(gaps)}


def objective(terms: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return one number, which training makes small, from what `losses` returns."""
    highest = IMITATED.index("relu5_1")
    shares = [1.0 if index <= highest else SHARE_ABOVE for index in range(len(IMITATED))]
    return tf.reduce_sum(shares * terms["maps"]) + tf.reduce_sum(terms["distances"])


def style_distances(maps: tf.Tensor) -> tf.Tensor:
    """Return ‖Gᵢ - Gⱼ‖ of all pairs of crops: (B, H', W', C) → (B·(B-1)/2,)."""
    count, positions = maps.shape[0], maps.shape[1] * maps.shape[2]
    rows = tf.reshape(maps, (count, positions, maps.shape[3]))
    gram = tf.reshape(tf.matmul(rows, rows, transpose_a=True) / positions, (count, -1))  # (B, C²)
    gram -= tf.reduce_mean(gram, axis=0)  # the distances stay, and the products below lose fewer digits
    products = tf.matmul(gram, gram, transpose_b=True)  # (B, B)
    norms = tf.linalg.diag_part(products)
    squares = norms[:, None] + norms[None, :] - 2 * products
    pairs = tf.constant(np.flatnonzero(np.triu(np.ones((count, count)), 1)))
    return tf.sqrt(tf.maximum(tf.gather(tf.reshape(squares, [-1]), pairs), 1e-6))


@dataclass(frozen=True)
class State:
    """All that training changes. To go on from a state gives the same numbers as never to have stopped."""

    step: int  # how many are done
    parameters: Parameters
    moments: Moments


@dataclass(frozen=True)
class Step:
    """What the caller is told of each step."""

    step: int  # from 1
    left: float  # seconds that the remaining steps will take
    losses: dict[str, np.ndarray]  # those of `losses`


def initial_state(teacher: VGG19, settings: Settings) -> State:
    """Return the state before the first step, of a student with half the teacher's channels."""
    widths = [teacher.channels(name) // 2 for name in IMITATED]
    parameters = initial_parameters(widths, settings.seed) | initial_heads(widths, teacher, settings.seed)
    return State(0, parameters, no_moments(parameters))


def train(
    teacher: VGG19,
    layer_units: dict[str, float],
    images: Sequence[np.ndarray],
    settings: Settings,
    state: State,
    watch: Callable[[Step, State], None],
) -> State:
    """Return the state after the last step.

    Args:
        teacher: the network to imitate.
        layer_units: as `units` returns them.
        images: arrays (H, W, 3) uint8 RGB.
        settings: of the whole run, also when a part of it is done.
        state: where to begin.
        watch: called after each step.
    """
    compiled = tf.function(partial(one_step, teacher, layer_units), autograph=False)
    seconds: deque[float] = deque(maxlen=30)  # of the last steps
    began = time.monotonic()
    for crops in batches(images, settings, state.step):
        if state.step >= settings.normalised and is_normalised(state.parameters):
            state = without_normalisation(state, sample(images, settings))
        share = tf.constant(rate(settings, state.step), tf.float32)
        rates = settings.kernel_rate * share, settings.other_rate * share
        done = tf.constant(state.step + 1, tf.float32)
        parameters, moments, terms = compiled(state.parameters, state.moments, tf.constant(crops), *rates, done)
        state = State(state.step + 1, parameters, moments)
        seconds.append(time.monotonic() - began)
        # The median, because the first step with each size of crops takes longer: TensorFlow builds its graph.
        left = median(seconds) * (settings.steps - state.step)
        watch(Step(state.step, left, {name: values.numpy() for name, values in terms.items()}), state)
        began = time.monotonic()
    return state


def without_normalisation(state: State, images: Sequence[np.ndarray]) -> State:
    """Return the state of a plain student that computes the same as one with batch normalisation on these images."""
    heads = {name: value for name, value in state.parameters.items() if name.endswith("/head")}
    parameters = plain_parameters(fold(state.parameters, images)) | heads
    return State(state.step, parameters, no_moments(parameters))


def sample(images: Sequence[np.ndarray], settings: Settings) -> list[np.ndarray]:
    """Return some of the images, those on which batch normalisation is folded."""
    rng = np.random.default_rng([settings.seed, 3])
    chosen = rng.choice(len(images), min(FOLDED_ON, len(images)), replace=False)
    return [images[i] for i in np.sort(chosen)]


def one_step(
    teacher: VGG19,
    layer_units: dict[str, float],
    parameters: Parameters,
    moments: Moments,
    images: tf.Tensor,
    kernel_rate: tf.Tensor,
    other_rate: tf.Tensor,
    step: tf.Tensor,
) -> tuple[Parameters, Moments, dict[str, tf.Tensor]]:
    """Return parameters and moments after one step, and the terms of the objective before it."""
    teacher_maps = {name: maps / layer_units[name] for name, maps in teacher(images, IMITATED).items()}
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(parameters)
        terms = losses(parameters, feature_maps(parameters, images), teacher_maps)
        total = objective(terms)
    gradients = tape.gradient(total, parameters)
    return *updated(parameters, gradients, moments, kernel_rate, other_rate, step), terms


def rate(settings: Settings, step: int) -> float:
    """Return the share of its rates that a step, counted from 0, uses: up along a line, constant, down along a line.

    Because it is constant for most of the run, a run that was stopped before its end can go on with more steps.
    """
    rising = (step + 1) / max(1, settings.warm_up)
    falling = (settings.steps - step) / max(1.0, settings.end * settings.steps)
    return min(1.0, rising, falling)
