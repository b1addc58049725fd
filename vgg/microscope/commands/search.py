"""`python -m vgg search QUERY FOLDER`: the pictures of a folder, nearest first, as a list and a sheet."""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say, say_lines
from vgg.errors import InputError
from vgg.image.file import check_output, write_image
from vgg.image.sheet import contact_sheet
from vgg.matfile.read import Weights
from vgg.microscope.commands.inputs import read_picture, read_weights, weights_label
from vgg.microscope.distance import relative_distance
from vgg.microscope.drawing.text_table import aligned
from vgg.microscope.feature_cache import FeatureCache, default_folder
from vgg.microscope.search import Ranking, pictures_in, rank

OUTPUT = Path("output/search.png")
COLUMNS = 5
MEANING = "0: the same, 1: nothing in common"


def run(options: argparse.Namespace) -> None:
    """Print the distances and write the sheet of the nearest."""
    query, folder, output = Path(options.query), Path(options.folder), options.output or OUTPUT
    image = read_picture(query, options.size)
    pictures = pictures_in(folder)
    if options.output is None:  # then an earlier search's sheet may be among them
        pictures = [path for path in pictures if path.resolve() != output.resolve()]
    check_output(output, [query, *pictures])
    weights = read_weights(options.weights)
    cache = FeatureCache(default_folder(), weights.sha256, options.layer, options.size, options.by)
    ranking = rank(query, pictures, cache, features_of(weights, options), relative_distance)
    for line in ranking.skipped:
        say(f"skipped: {line}")
    if not ranking.nearest:
        raise InputError(f"{folder} holds no other picture that can be used, expected at least one; name another")
    known = len(ranking.nearest) + 1 - ranking.computed
    kept = f"{known} known from {cache.folder}" if cache.folder else "none kept, as there is no home folder"
    say(f"features: {ranking.computed} computed, {kept}")
    rows = [("distance", "picture"), *((f"{distance:.4f}", path.name) for distance, path in ranking.nearest)]
    say_lines(aligned(rows[: options.top + 1], "><"))
    write_image(output, draw(image, ranking, weights, options))
    say(f"written: {output}")


def features_of(weights: Weights, options: argparse.Namespace) -> Callable[[Path], np.ndarray]:
    """Return the function that computes the features of a picture's file; TensorFlow is started at its first call."""

    @functools.cache
    def of_image() -> Callable[[np.ndarray], np.ndarray]:
        start_tensorflow()
        from vgg.microscope.image_features import image_features
        from vgg.network import VGG19

        network = VGG19(weights)
        return lambda image: image_features(network, image, options.layer, options.by)

    return lambda path: of_image()(read_picture(path, options.size))


def draw(image: np.ndarray, ranking: Ranking, weights: Weights, options: argparse.Namespace) -> np.ndarray:
    """Return the sheet: the query, then the nearest pictures with their distances."""
    shown, folder = ranking.nearest[: options.top], Path(options.folder).resolve().name
    what = {"content": "channel means", "style": "Gram matrices"}[options.by]
    title = (
        f"nearest to {Path(options.query).name}: {len(shown)} of the {len(ranking.nearest)} pictures in {folder}/",
        f"by {options.by}: distance between {what} of {options.layer} ({MEANING}); " + weights_label(weights),
    )
    cells = [(f"query: {Path(options.query).name}", image)]
    cells += [(f"{distance:.3f}  {path.name}", read_picture(path, options.size)) for distance, path in shown]
    return contact_sheet(cells, COLUMNS, 240, title, font_size=0.5)
