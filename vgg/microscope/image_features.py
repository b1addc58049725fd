"""A picture as one array of features without positions: by its content or by its style."""

from typing import Literal

import numpy as np
import tensorflow as tf

from vgg.network import VGG19
from vgg.statistics import gram_matrix

By = Literal["content", "style"]


def image_features(network: VGG19, image: np.ndarray, layer: str, by: By) -> np.ndarray:
    """Return the features of a picture (H, W, 3) at one layer.

    Returns:
        By content: the mean of each channel over all positions, (C,) float32. By style: which channels are active
        together, the Gram matrix (C, C), Eq. 3 of Gatys et al. 2016.
    """
    maps = network(image[None].astype(np.float32), [layer])[layer]  # (1, H', W', C)
    return (tf.reduce_mean(maps, axis=(0, 1, 2)) if by == "content" else gram_matrix(maps)).numpy()
