"""The content pictures of a batch by `tf.data`: read, turned upright, cropped and resized while the network works.

A stage of the pipeline that meets a bad file must not end it. So each element carries what went wrong, if anything did.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from transfer.command.sources import inputs_of
from transfer.inputs.files import SAMPLE
from transfer.inputs.pictures import content_at
from transfer.recipe.choices import Recipe
from vgg.errors import InputError

#: Pictures that are ready before they are asked for.
AHEAD = 2


class Content(NamedTuple):
    """A content picture at the recipe's size, or why there is none."""

    name: str
    image: np.ndarray  # (H, W, 3) uint8 RGB; (0, 0, 3) if there is a problem
    remarks: tuple[str, ...]
    inputs: dict[str, Any]  # its file, as `inputs_of` describes it
    problem: str = ""


def contents(names: Sequence[str], recipe: Recipe) -> Iterator[Content]:
    """Yield the content pictures in the order of `names`."""
    # Names are looked up by number: tf.data would make text of them, which not all file names are.
    numbers = tf.data.Dataset.range(len(names))
    signature = (tf.uint8, tf.string, tf.string, tf.string)

    def read(number: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return the picture, the remarks about it in one text, its file as JSON, and the problem."""
        return tf.numpy_function(lambda i: _read(names[int(i)], recipe), [number], signature, stateful=False)

    # One picture at a time is read: the network, which works meanwhile, needs the processor more.
    pictures = numbers.map(read, num_parallel_calls=1, deterministic=True).prefetch(AHEAD)
    for name, (image, remarks, inputs, problem) in zip(names, pictures.as_numpy_iterator(), strict=True):
        yield Content(name, image, tuple(remarks.decode().splitlines()), json.loads(inputs), problem.decode())


def _read(name: str, recipe: Recipe) -> tuple[np.ndarray, bytes, bytes, bytes]:
    remarks: list[str] = []
    try:
        # The digest first: if the file changes in between, the record has the digest of the old one, and the picture
        # is made again the next time. The other way round, it would pass for a picture of the new file.
        inputs = inputs_of([name] if name != SAMPLE else [])
        image = content_at(name, recipe, remarks)
        return image, "\n".join(remarks).encode(), json.dumps(inputs).encode(), b""
    except InputError as error:
        return np.zeros((0, 0, 3), np.uint8), b"", b"{}", str(error).encode("utf-8", "backslashreplace")
