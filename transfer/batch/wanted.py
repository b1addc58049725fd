"""From orders to jobs: each order gets its pictures at their sizes, content by content, from the pipeline."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from transfer.batch.making import Wanted
from transfer.batch.orders import Order
from transfer.batch.pipeline import Content, contents
from transfer.inputs.pictures import style_at, together
from transfer.recipe.choices import Recipe
from transfer.session import Job
from vgg.errors import InputError

#: Style pictures that are kept at their sizes.
KEPT = 64
#: A file and the shape of the content picture → the style picture (H, W, 3), and what the user should know of it.
StyleOf = Callable[[str, tuple[int, int]], tuple[np.ndarray, list[str]]]


def wanted_of(
    orders: Sequence[Order], recipe: Recipe, options: argparse.Namespace, say: Callable[[str], None]
) -> Iterator[Wanted]:
    """Yield the orders with their pictures: content by content, each with all of its styles.

    `say` shows what the user should know of a picture, once.
    """
    said: set[str] = set()
    by_content: dict[str, list[Order]] = {}
    for order in orders:
        by_content.setdefault(order.files.content, []).append(order)
    style_of = lru_cache(KEPT)(lambda name, shape: style_with_remarks(name, recipe, shape))
    for content in contents(list(by_content), recipe):
        for order in by_content[content.name]:
            wanted = one_wanted(order, content, style_of, recipe, options)
            for remark in wanted.job.pictures.remarks if wanted.job else ():
                if remark not in said:
                    say(remark)
                    said.add(remark)
            yield wanted


def style_with_remarks(name: str, recipe: Recipe, shape: tuple[int, int]) -> tuple[np.ndarray, list[str]]:
    """Return a style picture for contents of this shape, and what the user should know of it."""
    remarks: list[str] = []
    return style_at(name, recipe, shape, remarks), remarks


def one_wanted(
    order: Order, content: Content, style_of: StyleOf, recipe: Recipe, options: argparse.Namespace
) -> Wanted:
    """Return the order with its job, or with the reason why its pictures cannot be used."""
    if content.problem:
        return Wanted(order, None, content.problem)
    try:
        shape = content.image.shape[:2] if recipe.style_size != "own" else (0, 0)
        styles = [style_of(name, shape) for name in order.files.style_pictures]
        named = (
            (content.name, content.remarks),
            *((name, style_of(name, shape)[1]) for name in order.files.style_pictures),
        )
        remarks = [f"{name}: {remark}" for name, found in named for remark in found]
        pictures = together(order.files, recipe, content.image, [image for image, _ in styles], remarks)
        return Wanted(order, Job(recipe, pictures, options.seed))
    except InputError as error:
        return Wanted(order, None, str(error))
