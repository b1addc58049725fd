"""What is in the event file of a log, read without the program's own code and without TensorBoard."""

from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf


def values_of(folder: Path) -> dict[str, dict[int, np.ndarray]]:
    """{tag: {step: value}} of the only file in `folder`: scalars as float32, images as uint8 RGB (H, W, 3)."""
    (file,) = folder.iterdir()
    found, plugins = {}, {}
    for data in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():  # which also checks the records' checksums
        event = tf.compat.v1.Event.FromString(data)
        for value in event.summary.value:
            # TensorBoard reads the metadata of a tag's first value only.
            plugin = plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
            assert event.step not in found.setdefault(value.tag, {}), f"{value.tag} is twice in step {event.step}"
            tensor = tf.make_ndarray(value.tensor)
            found[value.tag][event.step] = {"scalars": _scalar, "images": _image}[plugin](tensor)
    return found


def _scalar(tensor: np.ndarray) -> np.ndarray:
    assert (tensor.dtype, tensor.shape) == (np.float32, ())
    return tensor


def _image(tensor: np.ndarray) -> np.ndarray:
    width, height, png = tensor
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert pixels.shape == (int(height), int(width), 3)
    return pixels
