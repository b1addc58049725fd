"""`atlas`: one web page of layers and their channels, each with its feature picture and its strongest patches.

A layer takes minutes, so each finished one is kept in the folder `parts` beside the page. The name of its file is the
SHA-256 of everything its contents depend on, as in `search.py`: a repeated command computes only what is missing, and
nothing ever goes stale. Old files may be deleted at any time.
"""

import argparse
import gzip
import hashlib
import heapq
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vgg.errors import InputError
from vgg.layers import NAMES, SMALLEST_SIDE, receptive_field
from vgg.matfile.read import Weights
from vgg.microscope.draw import read_small
from vgg.microscope.layers import layer_table
from vgg.microscope.search import pictures_in
from vgg.tools.console import say, start_tensorflow
from vgg.tools.files import check_place, file_digest, open_file, write_whole
from vgg.tools.progress import Shown, steps_display
from vgg.tools.web import embedded, filled

if TYPE_CHECKING:
    from vgg.network import VGG19

VERSION = 1  # incremented with every change of what a part holds or how it is computed
TITLE = "Atlas of VGG-19"  # by which an earlier page is known as ours
TOP = 3  # patches of a channel
FINE = 40  # pixels: up to here a patch is kept without loss, as JPEG would mix the colours of neighbours
#: What to look for in the layers of each of the five blocks.
READING = {
    "conv1": "Look for one colour or one edge: there is no room for more.",
    "conv2": "Look for stripes of one direction, for corners, and for colours side by side.",
    "conv3": "Look for textures, such as hatching, grids or dots.",
    "conv4": "Look for parts of things: arcs, rows, and strokes that belong together.",
    "conv5": "Look for what the patches of a channel share; it may be a kind of thing rather than one form.",
}

#: The channels of one layer as JSON holds them and `atlas.html` shows them.
Part = list[dict[str, Any]]


class Patch(NamedTuple):
    """The strongest position of a channel in one picture."""

    activation: float
    picture: str  # the name of its file
    image: np.ndarray  # (H, W, 3) uint8, what the position sees


def run(options: argparse.Namespace, weights: Weights) -> None:
    """Write the page, again after each layer that is computed; raise InputError if its place holds another page."""
    page, parts = options.output / "index.html", options.output / "parts"
    require_free_or_ours(page)
    check_place(parts / "part")
    pictures = pictures_in(options.folder) if options.folder else []
    pictures_key = (options.size, [(path.name, digest(path)) for path in pictures]) if pictures else None
    counts = {name: min(options.channels, weights.convolutions[name].bias.size) for name in options.layers}
    kept, known = {}, {}
    for name in sorted(counts, key=NAMES.index):
        key = repr((VERSION, weights.sha256, name, counts[name], options.seed, pictures_key))
        kept[name] = parts / f"{name}-{hashlib.sha256(key.encode()).hexdigest()}.json.gz"
        # gzip and json raise several kinds of errors, depending on which byte is wrong.
        with suppress(Exception):
            known[name] = json.loads(gzip.decompress(kept[name].read_bytes()))
    missing = {name: counts[name] for name in kept if name not in known}
    good = usable(pictures, options.size) if missing else []

    def write_page() -> None:
        values = {"title": TITLE, "reading": READING, "weights": weights, "layers": list(kept), "parts": known}
        template, filters = Path(__file__).with_name("atlas.html"), {"field": receptive_field}
        write_whole(page, filled(template, filters, has_patches=bool(pictures), **values))

    for name, part in compute(weights, missing, good, options):
        write_whole(kept[name], gzip.compress(json.dumps(part).encode(), mtime=0))
        known[name] = part
        write_page()
    if not missing:
        write_page()
    say(f"layers: {len(missing)} computed, {len(kept) - len(missing)} known from {parts}")
    say(f"written: {page}")


def require_free_or_ours(page: Path) -> None:
    """Raise InputError if the page cannot be written, or if a file of that name is none of this command."""
    check_place(page)
    if page.exists():
        with suppress(OSError), open_file(page) as file:
            if TITLE.encode() in file.read(1000):
                return
        raise InputError(f"{page} is another page, expected none or an earlier atlas; choose another folder with -o")


def digest(picture: Path) -> str:
    """Return the SHA-256 of the picture's file; "" if it cannot be read, which `usable` complains of."""
    with suppress(OSError):
        return file_digest(picture, "sha256")
    return ""


def usable(pictures: Sequence[Path], size: int) -> list[Path]:
    """Return the pictures that can be used, and say of the others why not; raise InputError if none is left."""
    good = []
    for path in pictures:
        try:
            read_small(path, size)
            good.append(path)
        except InputError as error:
            say(f"skipped: {error}")
    if pictures and not good:
        raise InputError("no picture of the folder --pictures can be used, expected at least one; name another")
    return good


def compute(
    weights: Weights, counts: Mapping[str, int], pictures: Sequence[Path], options: argparse.Namespace
) -> Iterator[tuple[str, Part]]:
    """Yield each layer of `counts`, which has the numbers of channels, when it is finished; show all steps."""
    if not counts:
        return
    start_tensorflow()
    from vgg.microscope.filters import BATCH, ITERATIONS
    from vgg.network import VGG19

    network = VGG19(weights)
    steps = {name: ITERATIONS * math.ceil(count / BATCH) + len(pictures) for name, count in counts.items()}
    # A step takes longer the deeper its layer is.
    costs = dict(zip(NAMES, accumulate(row.multiply_adds for row in layer_table(*2 * [SMALLEST_SIDE])), strict=True))
    cost, step, done, began = sum(costs[name] * steps[name] for name in steps), 0, 0, time.perf_counter()
    with steps_display(sys.stdout, sum(steps.values()), lambda shown: shown.text) as show:
        for name, count in counts.items():
            for part in compute_layer(network, name, count, pictures, options):
                if part is not None:
                    yield name, part
                    break
                step, done = step + 1, done + costs[name]
                show(Shown(step, (time.perf_counter() - began) * (cost - done) / done, name))


def compute_layer(
    network: "VGG19", layer: str, count: int, pictures: Sequence[Path], options: argparse.Namespace
) -> Iterator[Part | None]:
    """Yield None after each step of ascent and after each picture, and then the part of the layer."""
    from vgg.microscope.filters import maximize

    stimuli = []
    for finished in maximize(network, layer, range(count), options.seed):
        stimuli += finished
        yield None
    strongest: list[list[Patch]] = [[] for _ in range(count)]
    for path in pictures:
        for channel, patch in strongest_in(network, layer, count, path.name, read_small(path, options.size)):
            patches = [*strongest[channel], patch]
            strongest[channel] = heapq.nlargest(TOP, patches, key=lambda patch: patch.activation)
        yield None
    yield [
        {
            "number": number,
            "before": stimulus.before,
            "after": stimulus.after,
            "picture": embedded(stimulus.image)._asdict(),
            "patches": [
                each._asdict() | {"image": embedded(each.image, lossless=max(each.image.shape) <= FINE)._asdict()}
                for each in patches
            ],
        }
        for number, (stimulus, patches) in enumerate(zip(stimuli, strongest, strict=True))
    ]


def strongest_in(network: "VGG19", layer: str, count: int, name: str, image: np.ndarray) -> Iterator[tuple[int, Patch]]:
    """Yield which of the first `count` channels an image (H, W, 3) activates, and what its strongest position sees."""
    from vgg.microscope.deconv import peaks, without_borders

    field, (height, width) = receptive_field(layer), image.shape[:2]
    maps = network(image[None].astype(np.float32), [layer])[layer].numpy()[0, ..., :count]
    maps = without_borders(maps, field, height, width)
    for row, column, channel in peaks(maps, 0, None):
        seen = image[field.pixels(row, height), field.pixels(column, width)]
        yield channel, Patch(float(maps[row, column, channel]), name, seen.copy())
