"""Makes what is missing of a batch, writes each picture as soon as it is ready, and ends with the summary.

First each order gets its images at their sizes, content by content. The content pictures come by `tf.data`: read,
turned upright, cropped and resized while the network works.

What makes pictures is a function from what is `Prepared` to a row of the table for each, whatever became of it.
`make_here` makes them one after the other in this process; `dask_maker` sends them to other processes and machines.
"""

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from transfer.apps.batch.orders import TABLE, Batch, Order, still_missing
from transfer.apps.batch.results import write_summary
from transfer.cli.many import Display, Prepared, Row, make_here, row_of_record
from transfer.cli.options import RunOptions
from transfer.cli.outputs import ContentFile, place_of, read_content
from transfer.cli.record import inputs_of, read_record, sources
from transfer.cli.run import Lost, job_of, write_overviews
from transfer.files import SAMPLE
from transfer.inputs import at_size, style_at, together
from transfer.precision import precision_of
from transfer.recipes import Recipe
from transfer.session import Session
from transfer.striped import IN_STRIPES
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.tools import console
from vgg.tools.console import SOME_FAILED, Say
from vgg.tools.image import read_image
from weights.load import load_weights

#: Content pictures that are ready before they are asked for.
AHEAD = 2
#: Memory for style pictures that are kept at their sizes, in bytes; one is kept in any case.
KEPT_BYTES = 2**28


# From orders to jobs.


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


def prepared(orders: Sequence[Order], batch: Batch, say: Say) -> Iterator[Prepared]:
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
            for remark in (*item.job.images.remarks, *item.place.remarks) if item.job else ():
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
        images = together(files, recipe, content.image, [style.image for style in styles.values()], remarks)
        place = place_of(order.outputs, origin, content.file, content.image, options)
        return Prepared(order.pair.name, job_of(recipe, images, place, options), place)
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


# From jobs to pictures.


#: What is prepared → what became of each, in any order.
Make = Callable[[Iterable[Prepared]], Generator[Row, None, None]]
#: The options, whom to tell what, the weights, the precision, what shows the steps → what makes, while it is open.
OpenMaker = Callable[[RunOptions, Say, Weights, str, Display], AbstractContextManager[Make]]


@contextmanager
def local_maker(options: RunOptions, say: Say, weights: Weights, precision: str, display: Display) -> Iterator[Make]:
    """Yield what makes pictures in this process."""
    yield partial(make_here, Session(weights, options.memory_bytes, precision, IN_STRIPES), options, display.of)


def run(batch: Batch, open_maker: OpenMaker = local_maker) -> int:
    """Make what is missing; return the exit code.

    Raises:
        InputError: nothing can be written any more; what is finished is kept.
        KeyboardInterrupt: stopped; what is finished is kept.
    """
    options = batch.options
    say: Say = (lambda line: None) if options.quiet else console.say
    weights = load_weights(options.weights, say)
    missing = still_missing(batch, weights.sha256)
    finished = [order for order in batch.orders if order not in missing]
    rows = {}
    for order in finished:
        rows[order.pair.name] = row_of_record(order.pair.name, read_record(order.outputs.record))
    say(f"{len(missing)} of {len(batch.orders)} pictures to make")
    problem = ""
    try:
        _add_overviews(finished, batch, say)
        if missing:
            precision, display = (
                precision_of(options.precision, batch.recipe),
                Display("batch", len(missing), options.quiet),
            )
            # The clock begins when there are workers: to start them takes as long as many small pictures.
            with (
                open_maker(options, say, weights, precision, display) as make,
                display,
                closing(make(prepared(missing, batch, say))) as results,
            ):
                for row in results:
                    rows[row.name] = row
                    display.finished(row)
    except Lost as error:
        problem = str(error)
    except (InputError, KeyboardInterrupt) as error:
        with suppress(InputError):  # the disk is full, say
            write_summary(batch, rows, say)
        further = "what is finished is kept; the same command goes on from here"
        raise type(error)(f"{error}; {further}" if str(error) else further) from None
    write_summary(batch, rows, say)
    failed = sum(bool(row.problem) for row in rows.values())
    if failed and not problem:
        problem = f"{failed} of {len(batch.orders)} pictures could not be made, see {TABLE}"
    if problem:
        console.say(f"batch: {problem}", sys.stderr)
    return SOME_FAILED if problem else console.DONE


def _add_overviews(finished: Sequence[Order], batch: Batch, say: Say) -> None:
    """Write the sheets and pages of finished pictures that are asked for only now; raises InputError if it cannot."""
    lacking = [order for order in finished if not all(path.exists() for path in order.outputs.written)]
    for item in prepared(lacking, batch, say) if lacking else ():
        if item.job:
            outputs = item.place.outputs
            image, record = read_image(outputs.picture), read_record(outputs.record)
            write_overviews(item.job.images, image, item.place, record)
