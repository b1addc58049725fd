"""What the network is trained for: to know textures again, and to keep the picture.

Five layers have a head each. A head describes a layer's maps as Gatys et al. do, by the Gram matrix, together with the
channels' means, and turns them into a unit vector of 128 numbers, the embedding. Three terms are added up:

    contrast   two crops of one kind of drawing have similar embeddings, crops of different kinds do not
               (SimCLR: Chen et al. 2020, "A simple framework for contrastive learning of visual representations")
    kind       the embedding tells which of all kinds of drawing it is
    pixels     a 1×1 convolution finds the picture again in the maps, at twice their resolution, so that they keep what
               the content loss needs

and, if asked for, the mean of the maps, which makes them sparse.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from vgg.layers import layer_named
from weights.train.network import Parameters, channels
from weights.train.settings import Settings

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
