"""Label pictures without an editor: `python -m transfer.masks PICTURE --by color`.

    by_color      k-means of the colours in Lab, where distances are about as large as they look
    by_luminance  k-means of the luminance: bands from dark to light
    by_grabcut    what stands out inside a box (Rother, Kolmogorov & Blake, "GrabCut", SIGGRAPH 2004)

They work on a reduced copy: regions are large, and k-means and GrabCut are slow. Then every pixel of the picture takes
the region that most of its neighbours are in. That leaves no single pixels and no stairs. The median of the numbers
would not do: between regions 0 and 2 it draws a line of region 1.

The same picture gives the same regions: OpenCV's random numbers start from the same seed each time.

Region 0 is black in the label picture, 1 white, 2 red … in the order of `transfer.files.NAMES`.
"""

import argparse
import math
import shlex
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np

from transfer.cli.outputs import preview_of
from transfer.colors import luminance
from transfer.files import NAMES
from transfer.machine import usable_bytes
from vgg.errors import InputError, typed
from vgg.tools import console
from vgg.tools.console import file_name, whole_number
from vgg.tools.files import first_free
from vgg.tools.image import check_output, read_image, resize_to, shrunk, write_image

Box = tuple[int, int, int, int]  # x and y of the upper left corner, width, height, in pixels
Point = tuple[float, float]  # x and y

#: Longer side of the reduced copy, in pixels.
LONGER_SIDE = 512
#: How far the neighbours are that decide together: σ of a Gaussian, as a share of the longer side.
SMOOTHED_OVER = 1 / 128
#: k-means begins anew this often, from other centres, and keeps the best; each time it moves them this often.
ATTEMPTS, MOVES = 5, 50
GRABCUT_ROUNDS = 5
#: As many regions as there are colours with a name.
MOST_REGIONS = len(NAMES)
#: Longer side of the preview in pixels, and how much of the region's colour its pixels have.
PREVIEW_SIDE, TINT = 800, 0.5
_FONT, _FONT_SIZE, _MARGIN = cv2.FONT_HERSHEY_SIMPLEX, 0.75, 4
#: Of its ruler, in its pixels: the least distance of two marks, and how long they are.
_RULER_STEP, _MARK = 100, 12

LABELS = 3
#: What has a number of labels, and what has a box.
WITH_LABELS, WITH_BOX = ("color", "luminance"), ("grabcut",)


# The command.


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; options that belong to one way only default to None."""
    parser = console.Parser(
        prog=typed("transfer.masks"),
        description="Make a label picture, one colour for each region, for --content-mask or --style-mask.",
    )
    add = parser.add_argument
    add("picture", type=file_name, metavar="PICTURE", help="the picture whose regions are wanted")
    text = "similar colours; dark to light; what stands out in a box"
    add("--by", required=True, choices=(*WITH_LABELS, *WITH_BOX), help=text)
    text = f"how many regions by colour or luminance, 2 to {MOST_REGIONS} (default: {LABELS})"
    add("--labels", type=whole_number(2), metavar="N", help=text)
    text = "of grabcut: pixels of the photo, from its top left corner; take in the whole head with some room"
    add("--box", type=box, metavar="X,Y,W,H", help=text)
    text = "default: %(default)s; OUTPUT-preview.png goes beside; a name that is taken gets a number"
    add("-o", "--output", type=file_name, default=Path("output/mask.png"), help=text)
    add("--overwrite", action="store_true", help="write to that name even if it is taken")
    return parser


def box(text: str) -> Box:
    """Return `X,Y,W,H` as four numbers, for `add_argument(type=box)`."""
    words = text.split(",")
    # `isdecimal` also knows the digits of other alphabets, as `int` does; longer ones than these are no pixels.
    numbers = tuple(int(word) for word in words if word.strip().isdecimal() and len(word) < 10)
    if len(words) != 4 or len(numbers) != 4 or 0 in numbers[2:]:
        raise argparse.ArgumentTypeError(
            f"{text!r} found, expected X,Y,WIDTH,HEIGHT in whole pixels from 0, such as 40,30,200,160"
        )
    return numbers


def require_fitting(options: argparse.Namespace) -> None:
    """Raise InputError unless the options belong together."""
    by = options.by
    for name, belongs_to in (("labels", WITH_LABELS), ("box", WITH_BOX)):
        if getattr(options, name) is not None and by not in belongs_to:
            raise InputError(
                f"--{name} found with --by {by}, expected it only with --by {' or '.join(belongs_to)}; leave it out"
            )
    if by in WITH_BOX and options.box is None:
        raise InputError(f"--by {by} needs the place of the object, expected --box X,Y,WIDTH,HEIGHT in pixels; add it")
    if options.labels is not None and options.labels > MOST_REGIONS:
        raise InputError(f"--labels is {options.labels}, expected 2 to {MOST_REGIONS}; choose fewer")
    if options.output.suffix.lower() in (".jpg", ".jpeg"):
        raise InputError(
            f"the output {options.output} is a JPEG picture, which blurs the colours of regions, expected .png"
        )


def make_mask(options: argparse.Namespace) -> None:
    """Make the mask and its preview, and say what is on it."""
    require_fitting(options)
    check_output(options.output, [options.picture])
    check_output(preview_of(options.output), [options.picture])
    output: Path = options.output if options.overwrite else first_free(options.output, preview_of)
    preview_file = preview_of(output)
    image = read_image(options.picture, usable_bytes())
    if options.by == "grabcut":
        labels = by_grabcut(image, options.box)
    else:
        labels = (by_color if options.by == "color" else by_luminance)(image, options.labels or LABELS)
    write_image(preview_file, preview(image, labels, options.box))
    write_image(output, label_picture(labels))
    by_name = shares(labels)
    for name, share in by_name.items():
        console.say(f"{name:8}{share:7.1%}")
    console.say(f"written: {output}; look at {preview_file}")
    mask, example = shlex.quote(str(output)), "white" if "white" in by_name else next(iter(by_name))
    regions = ", or ".join(f"--region {example}={what}" for what in ("night.jpg", "0.2", "keep"))
    console.say(f"to use it: --content-mask {mask} {regions}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run("masks", lambda: make_mask(options))


# The regions.


def by_color(image: np.ndarray, count: int) -> np.ndarray:
    """Return `count` regions of similar colours, uint8 (H, W), numbered from the darkest to the lightest.

    `image` is uint8 (H, W, 3), RGB. Raises InputError if it has fewer regions.
    """
    lab = cv2.cvtColor(shrunk(image, LONGER_SIDE).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return _clustered(lab, count, image)


def by_luminance(image: np.ndarray, count: int) -> np.ndarray:
    """Return the same as `by_color`, but of luminance alone: bands from dark to light."""
    return _clustered(luminance(shrunk(image, LONGER_SIDE))[..., None], count, image)


def by_grabcut(image: np.ndarray, box: Box) -> np.ndarray:
    """Return 1 for what stands out in the box from all that is around it, else 0, uint8 (H, W).

    Raises InputError if the box is not inside the picture, leaves nothing around it, or nothing in it stands out.
    """
    (height, width), (x, y, box_width, box_height) = image.shape[:2], box
    if x + box_width > width or y + box_height > height:
        raise InputError(
            f"the box {x},{y},{box_width},{box_height} ends at {x + box_width},{y + box_height}, outside the picture "
            f"of {width} × {height} pixels; expected X,Y,WIDTH,HEIGHT inside it"
        )
    in_box = np.zeros((height, width), np.float32)
    in_box[y : y + box_height, x : x + box_width] = 1
    small = shrunk(image, LONGER_SIDE)
    in_small_box = shrunk(in_box, LONGER_SIDE) >= 0.5
    if in_small_box.all() or not in_small_box.any():
        what = "leaves nothing around it" if in_small_box.all() else "is too small to see anything in it"
        raise InputError(
            f"the box {x},{y},{box_width},{box_height} in a picture of {width} × {height} pixels {what}; expected one "
            "that is a little larger than the object, with background around it"
        )
    state = np.where(in_small_box, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    cv2.setRNGSeed(1)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    cv2.grabCut(bgr, state, None, np.empty(0), np.empty(0), GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    foreground = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    labels = np.where(in_box > 0, _full_size(foreground, 2, image), 0).astype(np.uint8)
    if not labels.any():
        raise InputError(
            f"nothing in the box {x},{y},{box_width},{box_height} stands out from what is around it; expected a box a "
            "little larger than one object"
        )
    return labels


def _clustered(values: np.ndarray, count: int, image: np.ndarray) -> np.ndarray:
    """Return the regions of `image` by k-means of `values`, float32 (h, w, C) of its reduced copy."""
    points = values.reshape(-1, values.shape[2])
    regions = len(np.unique(points, axis=0))
    if regions >= count:  # OpenCV cannot make more clusters than there are points
        cv2.setRNGSeed(1)
        enough = (cv2.TERM_CRITERIA_MAX_ITER, MOVES, 0)
        _, numbers, _ = cv2.kmeans(points, count, None, enough, ATTEMPTS, cv2.KMEANS_PP_CENTERS)
        labels = _full_size(numbers.reshape(values.shape[:2]), count, image)
        regions = len(np.unique(labels))  # what was only single pixels is gone
    if regions < count:
        few = f"or ask for fewer labels, {regions} at most" if regions > 1 else "such as one that is not all the same"
        raise InputError(f"regions found: {regions}, expected {count}; choose another picture {few}")
    brightness = np.bincount(labels.ravel(), luminance(image).ravel()) / np.bincount(labels.ravel())
    return np.argsort(np.argsort(brightness)).astype(np.uint8)[labels]


def _full_size(numbers: np.ndarray, count: int, image: np.ndarray) -> np.ndarray:
    """Return each pixel's label, uint8 (H, W) of `image`: the one that most of its neighbours have in `numbers`."""
    height, width = image.shape[:2]
    labels, most = np.zeros((height, width), np.uint8), np.full((height, width), -1, np.float32)
    for label in range(count):  # one by one, as the votes for all of them may not fit into the memory
        sigma = SMOOTHED_OVER * max(numbers.shape)
        votes = cv2.GaussianBlur((numbers == label).astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        votes = resize_to(votes, height, width)
        wins = votes > most
        labels[wins], most[wins] = label, votes[wins]
    return labels


def label_picture(labels: np.ndarray) -> np.ndarray:
    """Return the labels (H, W) as the colours that stand for them, uint8 (H, W, 3)."""
    return np.array(list(NAMES.values()), np.uint8)[labels]


def shares(labels: np.ndarray) -> dict[str, float]:
    """Return the share of the pixels of each region that there is, by its name; they add up to 1."""
    counts = np.bincount(labels.ravel(), minlength=MOST_REGIONS)
    return {name: float(count) / labels.size for name, count in zip(NAMES, counts, strict=True) if count}


def preview(image: np.ndarray, labels: np.ndarray, box: Box | None = None) -> np.ndarray:
    """Return the image (H, W, 3), each region of `labels` (H, W) tinted in its colour, its name where it is widest.

    It is uint8 with `PREVIEW_SIDE` pixels on its longer side. The numbers along its edges are pixels of the image, as
    those of the box are.
    """
    scale = PREVIEW_SIDE / max(labels.shape)
    height, width = (max(1, round(side * scale)) for side in labels.shape)
    shown = resize_to((1 - TINT) * image.astype(np.float32) + TINT * label_picture(labels), height, width)
    shown = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
    labels = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    for label, name in enumerate(NAMES):
        where = (labels == label).astype(np.uint8)
        if where.any():
            _write(shown, name, where)
    if box:
        x, y, box_width, box_height = box
        _draw(cv2.rectangle, shown, (x * scale, y * scale), ((x + box_width) * scale, (y + box_height) * scale))
    _draw_ruler(shown, scale)
    return shown


def _draw_ruler(shown: np.ndarray, scale: float) -> None:
    """Draw marks along the upper and the left edge, with their places in the picture of which this is the preview."""
    steps = (digit * 10**power for power in count() for digit in (1, 2, 5))
    step = next(step for step in steps if step * scale >= _RULER_STEP)
    for number in range(step, math.ceil(max(shown.shape) / scale), step):
        place = number * scale
        _draw(cv2.line, shown, (place, 0), (place, _MARK))
        _draw(cv2.line, shown, (0, place), (_MARK, place))
        _put_text(shown, str(number), round(place) + _MARGIN, _MARGIN)
        _put_text(shown, str(number), _MARGIN, round(place) + _MARGIN)


def _draw(shape: Callable[..., object], shown: np.ndarray, start: Point, end: Point) -> None:
    """Draw a line or a rectangle, white with a black rim, which shows on every colour."""
    for color, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        shape(shown, *(tuple(map(round, point)) for point in (start, end)), color, thickness)


def _write(shown: np.ndarray, name: str, where: np.ndarray) -> None:
    """Write the name into `shown`, centred in the widest part of the region, but not beyond the picture's border."""
    # With a border around it, a place beside the picture's edge does not count as wide.
    distances = cv2.distanceTransform(cv2.copyMakeBorder(where, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    y, x = np.unravel_index(np.argmax(distances), distances.shape)
    (width, ascent), descent = cv2.getTextSize(name, _FONT, _FONT_SIZE, 1)
    height = ascent + descent
    left = max(_MARGIN, min(int(x) - width // 2, shown.shape[1] - width - _MARGIN))
    top = max(_MARGIN, min(int(y) - height // 2, shown.shape[0] - height - _MARGIN))
    _put_text(shown, name, left, top)


def _put_text(shown: np.ndarray, text: str, left: int, top: int) -> None:
    (_, ascent), _ = cv2.getTextSize(text, _FONT, _FONT_SIZE, 1)
    # White with a black rim shows on every colour. Thicker letters would be wider ones, no rim, in OpenCV 5.
    rim = [(right, down, (0, 0, 0)) for right in (-1, 0, 1) for down in (-1, 0, 1)]
    for right, down, color in (*rim, (0, 0, (255, 255, 255))):
        place = left + right, top + ascent + down
        cv2.putText(shown, text, place, _FONT, _FONT_SIZE, color, 1, cv2.LINE_AA)
