"""From orders to jobs: each order gets its pictures at their sizes, content by content.

The content pictures come by `tf.data`: read, turned upright, cropped and resized while the network works.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from transfer.apps.batch.orders import Batch, Order
from transfer.cli.outputs import ContentFile, finish_of, read_content
from transfer.cli.record import inputs_of, sources
from transfer.cli.run import Place
from transfer.files import SAMPLE
from transfer.inputs import at_size, style_at, together
from transfer.recipes import Recipe
from transfer.session import Job
from vgg.errors import InputError

#: Content pictures that are ready before they are asked for.
AHEAD = 2
#: Memory for style pictures that are kept at their sizes, in bytes; one is kept in any case.
KEPT_BYTES = 2**28


class Prepared(NamedTuple):
    """What makes a picture: its job, with images at their sizes, and its place; or why it cannot be made."""

    name: str
    job: Job | None = None
    place: Place | None = None
    problem: str = ""


class Content(NamedTuple):
    """A content image at the recipe's size, or why there is none."""

    name: str
    image: np.ndarray | None = None  # (H, W, 3) uint8 RGB
    file: ContentFile | None = None
    remarks: tuple[str, ...] = ()
    problem: str = ""


class Style(NamedTuple):
    """A style image at its size."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    remarks: list[str]  # what the user should know of it
    inputs: dict[str, Any]  # its file, as `inputs_of` describes it


def prepared(orders: Sequence[Order], batch: Batch, say: Callable[[str], None]) -> Iterator[Prepared]:
    """Yield the orders with their images, content by content; `say` shows what to know of a picture, once."""
    recipe, said, by_content = batch.recipe, set[str](), dict[str, list[Order]]()
    for order in orders:
        if order.problem:
            yield Prepared(order.pair.name, problem=order.problem)
        else:
            by_content.setdefault(order.files.content, []).append(order)
    style_bytes = 3 * (recipe.size * recipe.style_scale) ** 2

    @lru_cache(max(1, int(KEPT_BYTES / style_bytes)))
    def style_of(name: str, shape: tuple[int, int]) -> Style:
        remarks: list[str] = []
        # The digest first: if the file changes in between, the record has the digest of the old one, and the picture is
        # made again the next time. The other way round, it would pass for a picture of the new file.
        inputs = inputs_of([name] if name != SAMPLE else [])
        return Style(style_at(name, recipe, shape, remarks), remarks, inputs)

    for content in contents(list(by_content), recipe, batch.options.full_size):
        for order in by_content[content.name]:
            item = _prepared(order, content, style_of, batch)
            for remark in item.job.pictures.remarks if item.job else ():
                if remark not in said:
                    say(remark)
                    said.add(remark)
            yield item


def _prepared(
    order: Order, content: Content, style_of: Callable[[str, tuple[int, int]], Style], batch: Batch
) -> Prepared:
    """Return the order with its job, or with the reason why its pictures cannot be used.

    `style_of` takes a style's file and the shape (height, width) of the content image.
    """
    if content.problem:
        return Prepared(order.pair.name, problem=content.problem)
    recipe, options, files = batch.recipe, batch.options, order.files
    shape = content.image.shape[:2] if recipe.style_size != "own" else (0, 0)
    try:
        styles = {name: style_of(name, shape) for name in files.style_pictures}
        remarks = [f"{content.name}: {remark}" for remark in content.remarks]
        remarks += [f"{name}: {remark}" for name, style in styles.items() for remark in style.remarks]
        inputs = content.file.inputs | {name: of for style in styles.values() for name, of in style.inputs.items()}
        origin = {"command": batch.command} | sources(files, inputs)
        pictures = together(files, recipe, content.image, [style.image for style in styles.values()], remarks)
        finish = finish_of(options, content.file, content.image, order.outputs.picture)
        return Prepared(order.pair.name, Job(recipe, pictures, options.seed), Place(order.outputs, finish, origin))
    except InputError as error:
        return Prepared(order.pair.name, problem=str(error))


def contents(names: Sequence[str], recipe: Recipe, full_size: bool = False) -> Iterator[Content]:
    """Yield the content images in the order of `names`; with `full_size` also as they are in their files."""
    read: dict[int, Content] = {}  # by its number; what tensors are no good for

    def pixels(number: np.int64) -> np.ndarray:
        """Return a content image, (0, 0, 3) of a bad file: that must not end the pipeline."""
        content = read[int(number)] = _read(names[number], recipe, full_size)
        return np.zeros((0, 0, 3), np.uint8) if content.image is None else content.image

    def image_of(number: tf.Tensor) -> tf.Tensor:
        # What tf.data takes for stateful it would not run ahead: not where results must be the same from run to run.
        return tf.numpy_function(pixels, [number], tf.uint8, stateful=False)

    # One picture at a time is read: the network, which works meanwhile, needs the processor more.
    images = tf.data.Dataset.range(len(names)).map(image_of, num_parallel_calls=1, deterministic=True).prefetch(AHEAD)
    for number, _ in enumerate(images.as_numpy_iterator()):
        yield read.pop(number)


def _read(name: str, recipe: Recipe, full_size: bool) -> Content:
    remarks: list[str] = []
    try:
        file = read_content(name, recipe)
        image = at_size("content picture", name, file.image, recipe, remarks)
    except InputError as error:
        return Content(name, problem=str(error))
    return Content(name, image, file if full_size else replace(file, image=image), tuple(remarks))
