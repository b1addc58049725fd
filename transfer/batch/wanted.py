"""From orders to jobs: each order gets its pictures at their sizes, content by content, from the pipeline."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from transfer.batch.making import Wanted
from transfer.batch.orders import Order
from transfer.batch.pipeline import Content, contents
from transfer.command.finish import finish_of
from transfer.command.sources import inputs_of, sources
from transfer.inputs.files import SAMPLE
from transfer.inputs.pictures import style_at, together
from transfer.recipe.choices import Recipe
from transfer.session import Job
from vgg.errors import InputError

#: Memory for style pictures that are kept at their sizes; one is kept in any case.
KEPT_BYTES = 2**28


class Style(NamedTuple):
    """A style picture at its size."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    remarks: list[str]  # what the user should know of it
    inputs: dict[str, Any]  # its file, as `inputs_of` describes it


#: A file and the shape of the content picture → the style picture.
StyleOf = Callable[[str, tuple[int, int]], Style]


def wanted_of(
    orders: Sequence[Order], recipe: Recipe, options: argparse.Namespace, say: Callable[[str], None]
) -> Iterator[Wanted]:
    """Yield the orders with their pictures: content by content, each with all of its styles.

    `say` shows what the user should know of a picture, once.
    """
    said: set[str] = set()
    by_content: dict[str, list[Order]] = {}
    for order in orders:
        if order.problem:
            yield Wanted(order, problem=order.problem)
        else:
            by_content.setdefault(order.files.content, []).append(order)
    style_bytes = 3 * (recipe.size * recipe.style_scale) ** 2
    style_of = lru_cache(max(1, int(KEPT_BYTES / style_bytes)))(lambda name, shape: style_at_size(name, recipe, shape))
    for content in contents(list(by_content), recipe):
        for order in by_content[content.name]:
            wanted = one_wanted(order, content, style_of, recipe, options)
            for remark in wanted.job.pictures.remarks if wanted.job else ():
                if remark not in said:
                    say(remark)
                    said.add(remark)
            yield wanted


def style_at_size(name: str, recipe: Recipe, shape: tuple[int, int]) -> Style:
    """Return a style picture for contents of this shape; raises InputError if it cannot be used."""
    remarks: list[str] = []
    inputs = inputs_of([name] if name != SAMPLE else [])  # before the picture, as in the pipeline
    return Style(style_at(name, recipe, shape, remarks), remarks, inputs)


def one_wanted(
    order: Order, content: Content, style_of: StyleOf, recipe: Recipe, options: argparse.Namespace
) -> Wanted:
    """Return the order with its job, or with the reason why its pictures cannot be used."""
    if content.problem:
        return Wanted(order, problem=content.problem)
    shape, files = content.image.shape[:2] if recipe.style_size != "own" else (0, 0), order.files
    try:
        styles = {name: style_of(name, shape) for name in files.style_pictures}
        remarks = [f"{content.name}: {remark}" for remark in content.remarks]
        remarks += [f"{name}: {remark}" for name, style in styles.items() for remark in style.remarks]
        known = content.inputs | {name: about for style in styles.values() for name, about in style.inputs.items()}
        found = sources(files, known)
        pictures = together(files, recipe, content.image, [style.image for style in styles.values()], remarks)
        finish = finish_of(options, pictures, order.outputs.picture, recipe.crop)
        return Wanted(order, Job(recipe, pictures, options.seed), finish, found)
    except InputError as error:
        return Wanted(order, problem=str(error))
