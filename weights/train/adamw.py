"""AdamW: Adam whose weight decay is apart from the gradient (Loshchilov & Hutter 2019, Algorithm 2)."""

from typing import NamedTuple

import tensorflow as tf

from weights.train.network import Parameters
from weights.train.settings import Settings

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
