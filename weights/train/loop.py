"""The training loop: crops, network, objective, gradients, AdamW; it neither prints nor writes."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import tensorflow as tf

from vgg.network import computable
from weights.train.adamw import Moments, adamw
from weights.train.crops import batches
from weights.train.network import Parameters, centred, feature_maps, initial_parameters
from weights.train.objective import HEADS, initial_heads, losses, total
from weights.train.settings import Settings

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
