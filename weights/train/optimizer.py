"""How parameters are moved: kernels by Muon, all others by Adam.

A kernel's gradient is dominated by a few directions, and the others hardly move. Muon (Jordan et al. 2024, "Muon: an
optimizer for hidden layers in neural networks") keeps a running sum of the gradients, takes it as a matrix (9·in, out),
and makes all of its singular values nearly equal, so that every direction moves as far. Five rounds of a Newton-Schulz
iteration do this with products of matrices alone.

Two departures: how long the step is follows You et al. 2017 (LARS), a share of the kernel's own norm, so that one rate
fits all layers; and each gradient is divided by its norm before it is added, so that no batch outweighs the others.
"""

from typing import NamedTuple

import tensorflow as tf

from weights.train.student import Parameters

MOMENTUM = 0.95
#: The odd polynomial a·x + b·x³ + c·x⁵ of Jordan et al., which brings every number of (0, 1] near 1 in five rounds.
NEWTON_SCHULZ, ROUNDS = (3.4445, -4.7750, 2.0315), 5

# Adam (Kingma & Ba 2015, Algorithm 1)
BETA_1, BETA_2 = 0.9, 0.98
ADAM_EPSILON = 1e-8


class Moments(NamedTuple):
    """What is remembered of earlier gradients."""

    first: Parameters  # a running mean of the gradients; for a kernel a running sum of their directions
    second: Parameters  # a running mean of their squares, of all but kernels


def no_moments(parameters: Parameters) -> Moments:
    """Return the moments before the first step."""
    zeros = {name: tf.zeros_like(value) for name, value in parameters.items()}
    return Moments(zeros, {name: zero for name, zero in zeros.items() if not is_kernel(name)})


def is_kernel(name: str) -> bool:
    """Return whether the parameter of this name is a kernel, (3, 3, in, out)."""
    return name.endswith("/kernel")


def updated(
    parameters: Parameters,
    gradients: Parameters,
    moments: Moments,
    kernel_rate: tf.Tensor,
    other_rate: tf.Tensor,
    step: tf.Tensor,
) -> tuple[Parameters, Moments]:
    """Return the parameters and moments after step number `step`, counted from 1.

    Args:
        parameters: {name: value}.
        gradients: of the same names and shapes.
        moments: before this step; before the first one those of `no_moments`.
        kernel_rate: how far a kernel moves, as a share of its norm.
        other_rate: Adam's rate for the others.
        step: its number.
    """
    values: Parameters = {}
    first: Parameters = {}
    second: Parameters = {}
    for name, value in parameters.items():
        gradient = gradients[name]
        if is_kernel(name):
            gradient /= tf.norm(gradient) + 1e-12
            first[name] = MOMENTUM * moments.first[name] + gradient
            direction = evened(gradient + MOMENTUM * first[name])  # Nesterov's momentum
            values[name] = value - kernel_rate * tf.norm(value) / tf.norm(direction) * direction
        else:
            first[name] = BETA_1 * moments.first[name] + (1 - BETA_1) * gradient
            second[name] = BETA_2 * moments.second[name] + (1 - BETA_2) * gradient * gradient
            mean, square = first[name] / (1 - BETA_1**step), second[name] / (1 - BETA_2**step)
            values[name] = value - other_rate * mean / (tf.sqrt(square) + ADAM_EPSILON)
    return values, Moments(first, second)


def evened(direction: tf.Tensor) -> tf.Tensor:
    """Return `direction`, a kernel (3, 3, in, out), with the singular values of its matrix (9·in, out) near 1."""
    a, b, c = NEWTON_SCHULZ
    matrix = tf.reshape(direction, (-1, direction.shape[-1]))
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if is_tall else matrix  # the square below is then the smaller one
    x /= tf.norm(x) + 1e-12
    for _ in range(ROUNDS):
        square = tf.matmul(x, x, transpose_b=True)
        x = a * x + tf.matmul(b * square + c * tf.matmul(square, square), x)
    return tf.reshape(tf.transpose(x) if is_tall else x, direction.shape)
