"""How the network is trained: crops of drawings, the objective, AdamW and the loop; nothing is printed or written."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import cv2
import numpy as np
import tensorflow as tf

from vgg.layers import layer_named
from vgg.network import computable
from weights.train.network import Parameters, centred, channels, feature_maps, initial_parameters
from weights.train.settings import Settings

# Batches for training: two crops of each of several kinds of drawing, in other sizes, colours and with noise.
#
# The network must find the two crops of one kind among all others, so what differs between them is what it learns to
# see past: place, scale, colour and grain. Batches are prepared in a thread while the network computes.

SMALLEST_SCALE, LARGEST_SCALE = 0.75, 1.5  # pixels of the drawing for one pixel of the crop

STRONG = 0.6  # the share of crops whose colours are changed a lot; the others keep theirs nearly
NOISY = 0.5  # the share of crops with noise
NOISE = 20.0  # the largest standard deviation of the noise, in levels

#: RGB to luma and two axes of chroma, in which a rotation changes the hue (NTSC's YIQ).
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
RGB = np.linalg.inv(YIQ)


class Batch(NamedTuple):
    """Crops of n kinds: crop i and crop n + i show different drawings of kind `kinds[i]`."""

    pictures: np.ndarray  # (2n, size, size, 3) float32 RGB, around [0, 255]
    kinds: np.ndarray  # (n,) int32


def batches(drawings: np.ndarray, settings: Settings, first: int) -> Iterator[Batch]:
    """Yield the batches of the steps `first` … `settings.steps` - 1, each prepared while the one before is in use.

    Args:
        drawings: (kinds · draws, H, W, 3) uint8 RGB, the draws of one kind one after the other.
        settings: sizes, seed and number of steps.
        first: the first step, counted from 0. What a step gets depends on its number and the seed alone.
    """
    with ThreadPoolExecutor(1) as beside:
        following = None
        for step in range(first, settings.steps):
            ready = following or beside.submit(batch, drawings, settings, step)
            following = beside.submit(batch, drawings, settings, step + 1) if step + 1 < settings.steps else None
            yield ready.result()


def batch(drawings: np.ndarray, settings: Settings, step: int) -> Batch:
    """Return the batch of one step; the arguments are those of `batches`."""
    rng = np.random.default_rng([settings.seed, step])
    phase = settings.phase(step)
    kinds = rng.choice(settings.kinds, phase.kinds, replace=False)
    views = np.stack([rng.permutation(settings.draws)[[0, -1]] for _ in kinds], axis=1)  # (2, n): different draws
    chosen = (kinds * settings.draws + views).reshape(-1)
    pictures = [recoloured(crop(drawings[i], phase.size, rng), rng) for i in chosen]
    return Batch(np.stack(pictures), kinds.astype(np.int32))


def crop(drawing: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random square of `drawing` (H, W, 3), resized to (size, size, 3)."""
    height, width, _ = drawing.shape
    scale = np.exp(rng.uniform(np.log(SMALLEST_SCALE), np.log(LARGEST_SCALE)))
    side = min(height, width, round(size * scale))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    square = drawing[top : top + side, left : left + side]
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def recoloured(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `picture` (H, W, 3) uint8 as float32 with another hue, saturation, contrast, brightness, and noise."""
    if rng.random() < STRONG:
        hue, saturation = rng.uniform(-np.pi, np.pi), rng.uniform(0.4, 1.5)
        contrast, brightness = rng.uniform(0.55, 1.3), rng.uniform(-45, 45)
    else:
        hue, saturation = rng.normal(0, 0.15), rng.uniform(0.85, 1.15)
        contrast, brightness = rng.uniform(0.9, 1.1), rng.uniform(-10, 10)
    cos, sin = saturation * np.cos(hue), saturation * np.sin(hue)
    matrix = contrast * RGB @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ YIQ  # (3, 3)
    shift = 128 + brightness - matrix @ np.full(3, 128.0)  # medium grey stays where it is, but for the brightness
    changed = cv2.transform(picture.astype(np.float32), np.column_stack([matrix, shift])).clip(0, 255)
    if rng.random() < NOISY:
        changed += rng.standard_normal(changed.shape, np.float32) * np.float32(NOISE * rng.random() ** 2)
    return changed


# What the network is trained for: to know textures again, and to keep the picture.
#
# Five layers have a head each. A head describes a layer's maps as Gatys et al. do, by the Gram matrix, together with
# the channels' means, and turns them into a unit vector of 128 numbers, the embedding. Three terms are added up:
#
#     contrast   two crops of one kind of drawing have similar embeddings, crops of different kinds do not
#                (SimCLR: Chen et al. 2020, "A simple framework for contrastive learning of visual representations")
#     kind       the embedding tells which of all kinds of drawing it is
#     pixels     a 1×1 convolution finds the picture again in the maps, at twice their resolution, so that they keep
#                what the content loss needs
#
# and, if asked for, the mean of the maps, which makes them sparse.

#: The layers that have a head.
HEADS = ("relu2_1", "relu3_1", "relu4_1", "relu5_1", "relu5_4")

PROJECTED = 40  # channels from which a head takes the Gram matrix
EMBEDDING = 128
TEMPERATURE = 0.15  # the similarities are divided by it before the softmax of the contrast term
SCALE = 20.0  # the cosines are multiplied by it before the softmax of the kind term
SMOOTHING = 0.05  # the share of probability that the kind term gives to all kinds alike

UPPER = np.flatnonzero(np.triu(np.ones((PROJECTED, PROJECTED))))  # a Gram matrix is symmetric: half of it says all


def initial_heads(kinds: int, seed: int) -> Parameters:
    """Return the parameters of all heads for so many kinds of drawing."""
    rng = np.random.default_rng([seed, 1])

    def random(inputs: int, outputs: int) -> tf.Tensor:
        return tf.constant(rng.standard_normal((inputs, outputs), np.float32) / np.float32(np.sqrt(inputs)))

    parameters: Parameters = {}
    for name in HEADS:
        width = channels(layer_named(name).channels)
        described = len(UPPER) + width
        parameters |= {
            f"{name}/project": random(width, PROJECTED),
            f"{name}/gain": tf.ones(described),
            f"{name}/offset": tf.zeros(described),
            f"{name}/embed": random(described, EMBEDDING),
            f"{name}/embed_bias": tf.zeros(EMBEDDING),
            f"{name}/kinds": random(EMBEDDING, kinds),
            f"{name}/pixels": random(width, 12),
            f"{name}/pixels_bias": tf.zeros(12),
        }
    return parameters


def losses(
    parameters: Parameters, maps: dict[str, tf.Tensor], pictures: tf.Tensor, kinds: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Return each term, averaged over the heads.

    Args:
        parameters: of the heads; others may be among them.
        maps: {name: (2n, H', W', C)} of the layers HEADS.
        pictures: (2n, H, W, 3) what the network saw.
        kinds: (n,) the kind of crops i and n + i.
    """
    terms: dict[str, list[Any]] = {"contrast": [], "kind": [], "pixels": [], "sparsity": []}
    for name in HEADS:
        head = {key.removeprefix(f"{name}/"): value for key, value in parameters.items() if key.startswith(f"{name}/")}
        x = maps[name]
        means = tf.reduce_mean(tf.cast(x, tf.float32), axis=(1, 2))
        embedding = embed(head, x, means)
        terms["contrast"].append(contrastive_loss(embedding))
        terms["kind"].append(kind_loss(embedding, head["kinds"], tf.tile(kinds, [2])))
        terms["pixels"].append(pixel_loss(head, x, pictures))
        terms["sparsity"].append(tf.reduce_mean(means))
    return {term: tf.add_n(values) / len(HEADS) for term, values in terms.items()}


def total(terms: dict[str, tf.Tensor], settings: Settings) -> tf.Tensor:
    """Return the weighted sum of the terms over all heads."""
    return len(HEADS) * tf.add_n([getattr(settings, term) * value for term, value in terms.items()])


def embed(head: Parameters, x: tf.Tensor, means: tf.Tensor) -> tf.Tensor:
    """Return the embedding of maps: (B, H', W', C) and their means (B, C) → (B, 128), unit vectors."""
    positions = x.shape[1] * x.shape[2]
    projected = tf.reshape(convolved(x, head["project"]), (-1, positions, PROJECTED))
    projected -= 0.5 * tf.reduce_mean(projected, axis=1, keepdims=True)  # else the means would outweigh the rest
    gram = tf.matmul(projected, projected, transpose_a=True) / positions  # (B, 40, 40)
    gram = tf.gather(tf.reshape(gram, (-1, PROJECTED**2)), UPPER, axis=1)
    gram *= tf.math.rsqrt(tf.abs(gram) + 1e-3)  # about the square root, with its sign
    described = layer_normalised(tf.concat([gram, means], axis=1)) * head["gain"] + head["offset"]
    return tf.math.l2_normalize(described @ head["embed"] + head["embed_bias"], axis=1)


def convolved(x: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Return a 1×1 convolution of maps (B, H', W', C) with a matrix (C, out), in float32."""
    return tf.cast(tf.nn.conv2d(x, tf.cast(matrix, x.dtype)[None, None], strides=1, padding="SAME"), tf.float32)


def layer_normalised(x: tf.Tensor) -> tf.Tensor:
    """Return `x` (B, n) with mean 0 and variance 1 in each row (Ba, Kiros & Hinton 2016)."""
    mean, variance = tf.nn.moments(x, axes=1, keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-5)


def contrastive_loss(embedding: tf.Tensor) -> tf.Tensor:
    """Return SimCLR's loss of unit vectors (2n, d), where i and n + i belong together; Chen et al. 2020, Eq. 1."""
    n = embedding.shape[0] // 2
    similar = tf.matmul(embedding, embedding, transpose_b=True) / TEMPERATURE  # (2n, 2n)
    similar = tf.linalg.set_diag(similar, tf.fill([2 * n], -1e9))  # nothing is compared with itself
    partner = tf.roll(tf.range(2 * n), n, axis=0)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(partner, similar))


def kind_loss(embedding: tf.Tensor, directions: tf.Tensor, kinds: tf.Tensor) -> tf.Tensor:
    """Return the cross-entropy of the kinds (B,), given embeddings (B, d) and a direction for each kind (d, kinds)."""
    logits = SCALE * embedding @ tf.math.l2_normalize(directions, axis=0)
    log_shares = tf.nn.log_softmax(logits)
    right = tf.gather(log_shares, kinds, batch_dims=1)
    return -tf.reduce_mean((1 - SMOOTHING) * right + SMOOTHING * tf.reduce_mean(log_shares, axis=1))


def pixel_loss(head: Parameters, x: tf.Tensor, pictures: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error of the pictures that a 1×1 convolution finds in maps (B, H', W', C).

    It gives each position 2×2 pixels; the pictures (B, H, W, 3) are averaged to that size.
    """
    found = tf.nn.depth_to_space(convolved(x, head["pixels"]) + head["pixels_bias"], 2)  # (B, 2H', 2W', 3)
    step = pictures.shape[1] // found.shape[1]
    wanted = tf.nn.avg_pool2d(pictures, step, step, "VALID") if step > 1 else pictures
    return tf.reduce_mean(tf.square(found - wanted))


# AdamW: Adam whose weight decay is apart from the gradient (Loshchilov & Hutter 2019, Algorithm 2).

BETA_1, BETA_2 = 0.9, 0.98
EPSILON = 1e-8


class Moments(NamedTuple):
    """Running means of the gradients and of their squares, for each parameter."""

    first: Parameters
    second: Parameters


def adamw(
    parameters: Parameters,
    gradients: Parameters,
    moments: Moments,
    rate: tf.Tensor,
    step: tf.Tensor,
    settings: Settings,
) -> tuple[Parameters, Moments]:
    """Return the parameters and moments after step number `step`, counted from 1.

    Before that all gradients are made shorter by one factor if together they are longer than `settings.clip_norm`.
    Only matrices and kernels decay; gains, offsets and biases do not.
    """
    names = list(parameters)
    clipped, _ = tf.clip_by_global_norm([gradients[name] for name in names], settings.clip_norm)
    unbias_1, unbias_2 = 1 - BETA_1**step, 1 - BETA_2**step
    updated: Parameters = {}
    first: Parameters = {}
    second: Parameters = {}
    for name, gradient in zip(names, clipped, strict=True):
        value = parameters[name]
        first[name] = BETA_1 * moments.first[name] + (1 - BETA_1) * gradient
        second[name] = BETA_2 * moments.second[name] + (1 - BETA_2) * gradient * gradient
        direction = first[name] / unbias_1 / (tf.sqrt(second[name] / unbias_2) + EPSILON)
        decay = settings.weight_decay if len(value.shape) > 1 else 0.0
        updated[name] = value - rate * (direction + decay * value)
    return updated, Moments(first, second)


#: Drawings from which the initial kernels are clustered.
CLUSTERED = 16


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
    losses: dict[str, float]


def initial_state(drawings: np.ndarray, settings: Settings) -> State:
    """Return the state before the first step; `drawings` as for `train`."""
    chosen = drawings[:: -(-len(drawings) // CLUSTERED)].astype(np.float32)
    parameters = initial_parameters(chosen, settings.seed) | initial_heads(settings.kinds, settings.seed)
    zeros = {name: tf.zeros_like(value) for name, value in parameters.items()}
    return State(0, parameters, Moments(zeros, zeros))


def train(
    drawings: np.ndarray, settings: Settings, state: State, watch: Callable[[Step, State], None] | None = None
) -> State:
    """Return the state after the last step.

    Args:
        drawings: (kinds · draws, H, W, 3) uint8 RGB, the draws of one kind one after the other.
        settings: of the whole run, also when a part of it is done.
        state: where to begin.
        watch: called after each step.
    """
    compiled = tf.function(one_step, autograph=False)
    seconds: deque[float] = deque(maxlen=20)  # of the last steps
    began = time.monotonic()
    for pictures, kinds in batches(drawings, settings, state.step):
        rate = tf.constant(learning_rate(settings, state.step), tf.float32)
        done = tf.constant(state.step + 1, tf.float32)
        parameters, moments, terms = compiled(
            state.parameters, state.moments, tf.constant(pictures), tf.constant(kinds), rate, done, settings
        )
        state = State(state.step + 1, parameters, moments)
        values = {term: float(value) for term, value in terms.items()}
        seconds.append(time.monotonic() - began)
        if watch:
            # The median, because the first step of each phase takes longer: TensorFlow builds its graph.
            watch(Step(state.step, median(seconds) * (settings.steps - state.step), values), state)
        began = time.monotonic()
    return state


def one_step(
    parameters: Parameters,
    moments: Moments,
    pictures: tf.Tensor,
    kinds: tf.Tensor,
    rate: tf.Tensor,
    step: tf.Tensor,
    settings: Settings,
) -> tuple[Parameters, Moments, dict[str, tf.Tensor]]:
    """Return parameters and moments after one step, and the terms of the objective before it."""
    seen = centred(pictures)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(parameters)
        dtype = tf.bfloat16 if computable("bfloat16") else tf.float32
        maps = feature_maps(parameters, seen, HEADS, settings.pooling, dtype)
        terms = losses(parameters, maps, seen, kinds)
        objective = total(terms, settings)
    gradients = tape.gradient(objective, parameters)
    return *adamw(parameters, gradients, moments, rate, step, settings), terms


def learning_rate(settings: Settings, step: int) -> float:
    """Return the rate of a step, counted from 0: up along a line for the warm-up, down to 0 along half a cosine."""
    rising = min(1.0, (step + 1) / settings.warm_up)
    return settings.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
