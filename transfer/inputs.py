"""The images a run begins with: content, style and start image, at the sizes the recipe wants.

`Files` are the files that the user named, `load` reads them to `Images`. A *label picture* has one colour for each
region of a picture; a region is called after its colour, `white`, a grey level such as `128`, or `#3a7f00`.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from transfer.colors import UNMATCHED, unmatched
from transfer.files import KEEP, SAMPLE, SAMPLE_PAINTING, SAMPLE_SCENE, Files, color_of, name_of, strength_of
from transfer.machine import usable_bytes
from transfer.other_programs import content_factor_at
from transfer.recipes import Crop, Noise, Recipe
from transfer.regions import WHOLE, Region
from vgg.errors import InputError, typed
from vgg.layers import SMALLEST_SIDE
from vgg.tools.image import read_image, read_picture, read_size, resize_to


def cropped(image: np.ndarray, crop: Crop) -> np.ndarray:
    """Return the image (H, W, 3), or alpha (H, W), or the square of its shorter side in its middle."""
    if crop == "none":
        return image
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def read_cropped(path: Path | str, crop: Crop) -> np.ndarray:
    """Return the image of a picture as `read_picture` does, within this machine's memory, and cropped."""
    return cropped(read_picture(path, usable_bytes()).image, crop)


#: Endings of what is taken from a folder; a file that is named may have any.
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif")


def pictures_in(folder: str) -> list[str]:
    """Return the names of the pictures in a folder, those that are hidden left out; raises InputError if unreadable."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}); name a folder with pictures") from None
    visible = (name for name in names if name.lower().endswith(ENDINGS) and not name.startswith("."))
    return sorted(visible, key=natural)


def natural(name: str) -> list[object]:
    """Return a key that sorts photo2 before photo10."""
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", name.casefold())]


#: More than a person would paint; a photograph, or a label picture saved as JPEG, has thousands.
MOST_LABELS = 16
#: How far the proportions of a label picture may be from those of its picture.
PROPORTIONS = 0.02
#: How far rounding changes the proportions of a picture of 16 pixels, the smallest that is used.
ROUNDED = 0.5 / 16
#: How wide the edge of a region with a picture of its own is: the standard deviation of the blur, of the longer side.
SOFT_EDGE = 0.01
#: A part with a smaller share of the picture is what rounding has left of it.
SMALLEST_PART = 1e-5


def read_labels(file: str, picture: str, shape: tuple[int, int], crop: Crop = "none") -> dict[str, np.ndarray]:
    """Return where each label is, (H, W) bool by its name, for the picture of that `shape`, (height, width).

    Raises InputError if the file is no picture, is of another shape than its picture, or has too many colours.
    """
    image = cropped(read_image(file, usable_bytes()), crop)  # on white, as colours that are continued would be new ones
    require_proportions(file, image.shape[:2], picture, shape)
    codes = image.astype(np.int64) @ (1 << 16, 1 << 8, 1)  # (H, W)
    labels = np.unique(codes)
    if len(labels) > MOST_LABELS:
        raise InputError(
            f"{file}: a mask with {len(labels)} colours, expected {MOST_LABELS} at most, one for each region; save it "
            f"as PNG without smoothing, or make one with `{typed('transfer.masks', picture)}`"
        )
    return {name_of(tuple(int(code).to_bytes(3, "big"))): codes == code for code in labels}


class Part(NamedTuple):
    """A part of the content picture, before it is known which style it gets."""

    name: str
    share: float  # of all pixels
    guide: np.ndarray  # (H, W) float32 of the content image, see `Region`
    word: str | None  # what the user wants there; None: the same as everywhere

    @property
    def strength(self) -> float | None:
        """Return the strength that the word names, if it names one."""
        return None if self.word is None else strength_of(self.word)

    @property
    def style(self) -> str | None:
        """Return the part's own style picture, or `KEEP`; None: the style is the same as everywhere."""
        return self.word if self.strength is None else None


def parts_of(files: Files, shape: tuple[int, int], crop: Crop) -> list[Part]:
    """Return the parts that masks make of a content image of that `shape`, (height, width); without masks, none.

    Raises InputError if a mask cannot be used.
    """
    if files.region_masks:
        return _soft_parts(files, shape, crop)
    return [] if files.content_mask is None else _labelled_parts(files, shape, crop)


def content_weights_of(parts: Sequence[Part], recipe: Recipe) -> np.ndarray | None:
    """Return how many times its α the content counts at each pixel, float32 (H, W); None if no part has a strength."""
    strengths = [(part.strength, part.guide) for part in parts if part.strength is not None]
    # Powers, because equal steps of a strength are equal factors of α: so a soft edge is even.
    return prod(content_factor_at(strength, recipe) ** guide for strength, guide in strengths) if strengths else None


def regions_of(
    files: Files, parts: Sequence[Part], style_shapes: Sequence[tuple[int, int]], crop: Crop
) -> tuple[Region, ...]:
    """Return the regions of a run that get a style; their weights add up to 1, and so do each one's shares.

    The `parts` are those of the content, the shapes (height, width) those of `files.style_pictures`. Raises InputError
    if a mask cannot be used, or no region of the content gets a style.
    """
    shares, shapes = files.shares, dict(zip(files.style_pictures, style_shapes, strict=True))
    if not files.style_masks and any(part.strength is not None for part in parts):
        parts = _one_style(parts)
    if not parts:
        alone = Region(shares=tuple(shares.values()), style_guides=(None,) * len(shares))
        return (alone,) if len(shares) > 1 else (WHOLE,)
    masks = zip(shares, files.style_masks, strict=False)  # there may be none
    labels_of = {style: read_labels(mask, style, shapes[style], crop) for style, mask in masks}
    regions = []
    for part in parts:
        name = part.name
        if part.style is not None:
            counts: dict[str, float] = {part.style: 1.0} if part.style != KEEP else {}
            guides = {}
        else:  # a style without a mask may be used everywhere
            counts = {style: share for style, share in shares.items() if name in labels_of.get(style, [name])}
            guides = {style: guide_of(labels_of[style][name], shapes[style]) for style in counts if style in labels_of}
        if any(counts.values()):
            in_use = tuple(counts.get(style, 0.0) / sum(counts.values()) for style in shapes)
            style_guides = tuple(guides.get(style) for style in shapes)
            regions.append(Region(name, part.share, part.guide, in_use, style_guides))
    if not regions:
        raise InputError(
            f"no region of {files.content_mask or files.content} ({', '.join(part.name for part in parts)}) gets a "
            "style; use the same colours in both masks, or name styles with --region"
        )
    total = sum(region.weight for region in regions)
    return tuple(replace(region, weight=region.weight / total) for region in regions)


def _one_style(parts: Sequence[Part]) -> list[Part]:
    """Return the parts with those that differ in strength only as one; none at all if they are the whole picture."""
    alike = [part for part in parts if part.style is None]
    others = [part for part in parts if part.style is not None]
    rest = Part("rest", sum(part.share for part in alike), sum(part.guide for part in alike), None)
    return [*others, rest] if others else []


def _labelled_parts(files: Files, shape: tuple[int, int], crop: Crop) -> list[Part]:
    """Return the regions of the content mask for a content image of that shape."""
    labels = read_labels(files.content_mask, files.content, shape, crop)
    own = {name_of(color_of(name)): word for name, word in files.region_styles}
    for name in own.keys() - labels.keys():
        raise InputError(f"--region {name}: the regions of {files.content_mask} are {', '.join(labels)}")
    return [Part(name, float(where.mean()), guide_of(where, shape), own.get(name)) for name, where in labels.items()]


def _soft_parts(files: Files, shape: tuple[int, int], crop: Crop) -> list[Part]:
    """Return the regions that have a picture each, with soft edges, and the rest of the content image of that shape.

    Where two overlap, the one that was named first is there.
    """
    parts, rest = [], np.ones(shape, np.float32)
    for number, (file, word) in enumerate(files.region_styles, start=1):
        mask = read_cropped(file, crop)
        require_proportions(file, mask.shape[:2], files.content, shape)
        if not mask.any():
            raise InputError(f"{file} is black everywhere, expected white where the region is; paint it there")
        guide = guide_of(mask.mean(axis=2) / 255, shape)
        blurred = cv2.GaussianBlur(guide, (0, 0), SOFT_EDGE * max(shape), borderType=cv2.BORDER_REPLICATE)
        guide = np.minimum(blurred, rest)
        rest = rest - guide
        parts.append(Part(f"mask {number}", float(guide.mean()), guide, word))
    parts.append(Part("rest", float(rest.mean()), rest, None))
    return [part for part in parts if part.share > SMALLEST_PART]


def require_proportions(
    file: str, mask_shape: tuple[int, int], picture: str, shape: tuple[int, int], tolerance: float = PROPORTIONS
) -> None:
    """Raise InputError unless a mask has its picture's proportions, (height, width) of both given."""
    (height, width), (rows, columns) = mask_shape, shape
    if abs(np.log(height / width * columns / rows)) > tolerance:
        raise InputError(
            f"{file}: a mask of {width} × {height} pixels for {picture}, used at {columns} × {rows}; expected the same "
            "proportions as its picture's"
        )


def check_proportions(files: Files) -> None:
    """Raise InputError unless the content's masks have about its picture's proportions; nothing is decoded."""
    picture = files.content
    for mask in files.content_masks if picture != SAMPLE else ():
        require_proportions(mask, read_size(mask), picture, read_size(picture), PROPORTIONS + ROUNDED)


def check_masks(files: Files, recipe: Recipe) -> None:
    """Raise InputError unless the masks fit each other and the regions named, whatever the pictures' proportions."""
    if files.content_masks:
        masks = (files.content_masks[0], *files.style_masks)
        own, *others = (read_cropped(mask, recipe.crop).shape[:2] for mask in masks)
        styles = len(files.style_pictures)
        parts = parts_of(files, own, recipe.crop)
        require_one_style(regions_of(files, parts, [*others, *[own] * styles][:styles], recipe.crop), recipe)


def require_one_style(regions: Sequence[Region], recipe: Recipe) -> None:
    """Raise InputError if there are several styles or regions, and the recipe's style statistic can use only one."""
    if recipe.style_statistic == "neighbours" and any(region is not WHOLE for region in regions):
        raise InputError(
            "--style-statistic neighbours looks for each place of the content in one style picture, and several, or "
            "regions, are given; give one, or choose another statistic"
        )


def guide_of(where: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return how much of each pixel of an image of that shape belongs to a label, float32 (height, width)."""
    rows, columns = shape
    shrunk = min(rows, where.shape[0]), min(columns, where.shape[1])
    guide = cv2.resize(where.astype(np.float32), shrunk[::-1], interpolation=cv2.INTER_AREA)
    return guide if shrunk == shape else cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_NEAREST)


#: Pixels that a picture is enlarged to at most. A long and narrow one could otherwise have thousands of millions.
LARGEST_PIXELS = 2**28


@dataclass(frozen=True)
class Images:
    """The images, uint8 RGB (H, W, 3) each, and what the user should know of their sizes."""

    content_image: np.ndarray
    style_images: tuple[np.ndarray, ...]
    init_image: np.ndarray | None  # None for the start "noise"; else of the content image's size
    files: Files
    remarks: tuple[str, ...] = ()
    regions: tuple[Region, ...] = (WHOLE,)
    earlier: np.ndarray | None = None  # of a frame of a film, (H, W, 4) float32: see `transfer.targets`
    content_weights: np.ndarray | None = None  # (H, W) float32: see there
    content_masks: tuple[np.ndarray, ...] = ()  # as the user made them, to be shown

    @property
    def style_image(self) -> np.ndarray:
        """Return the first style picture, which in most runs is the only one."""
        return self.style_images[0]

    @property
    def guided_regions(self) -> int:
        """Return how many regions are only a part of the picture."""
        return sum(region.guide is not None for region in self.regions)


def load(files: Files, recipe: Recipe, content_image: np.ndarray | None = None) -> Images:
    """Read (or draw, for `sample`) the pictures and bring them to the recipe's sizes.

    `content_image` (H, W, 3) is the content picture as in its file, if that was read already: see `content_in_file`.
    Raises InputError if a file is no picture that can be used, or at the recipe's size it would be too small or large.
    """
    remarks: list[str] = []
    if content_image is None:
        content_image = content_in_file(files.content, recipe)
    content_image = at_size("content picture", files.content, content_image, recipe, remarks)
    styles = [style_at(name, recipe, content_image.shape[:2], remarks) for name in files.style_pictures]
    return together(files, recipe, content_image, styles, remarks)


def together(
    files: Files, recipe: Recipe, content_image: np.ndarray, styles: Sequence[np.ndarray], remarks: Sequence[str]
) -> Images:
    """Return the images of a run from content and styles at their sizes; regions and start are made from them.

    Raises InputError if the start picture or a mask cannot be used.
    """
    rows, columns = content_image.shape[:2]
    shares_off = [unmatched(image, content_image, recipe.colors) for image in styles]
    too_grey = [
        f"{name} has too few colours for --colors {recipe.colors}: their covariance stays {share:.0%} off the "
        "content's; --colors luminance keeps the content's colours exactly"
        for name, share in zip(files.style_pictures, shares_off, strict=True)
        if share > UNMATCHED
    ]
    parts = parts_of(files, (rows, columns), recipe.crop)
    regions = regions_of(files, parts, [image.shape[:2] for image in styles], recipe.crop)
    require_one_style(regions, recipe)
    weights = content_weights_of(parts, recipe)
    pictures = (cropped(read_image(mask, usable_bytes()), recipe.crop) for mask in files.content_masks)
    masks = tuple(resize_to(picture, rows, columns) for picture in pictures)
    init_image = None
    if recipe.init == "picture":
        init_image = resize_to(read_cropped(files.init, recipe.crop), rows, columns)
    elif recipe.init != "noise":
        starts = {"content": content_image, "style": resize_to(styles[0], rows, columns)}
        mixed = recipe.init_shares or ((recipe.init, 1.0),)
        init_image = starts[mixed[0][0]] if len(mixed) == 1 else sum(np.float32(n) * starts[name] for name, n in mixed)
    remarks = (*remarks, *too_grey)
    return Images(content_image, tuple(styles), init_image, files, remarks, regions, None, weights, masks)


def content_in_file(name: str, recipe: Recipe) -> np.ndarray:
    """Return the content picture as it is in its file, and cropped; raises InputError if it cannot be used."""
    return read_cropped(SAMPLE_SCENE if name == SAMPLE else name, recipe.crop)


def style_at(name: str, recipe: Recipe, content_shape: tuple[int, int], remarks: list[str]) -> np.ndarray:
    """Return a style picture at the size that the recipe wants; raises InputError if it cannot be used."""
    image = read_cropped(SAMPLE_PAINTING if name == SAMPLE else name, recipe.crop)
    if recipe.style_size == "own":
        scaled = replace(recipe, size=max(1, round(recipe.size * recipe.style_scale)))
        return at_size("style picture", name, image, scaled, remarks)
    rows, columns = (round(side * recipe.style_scale) for side in content_shape)
    if recipe.style_size == "content width":
        rows = round(image.shape[0] * columns / image.shape[1])
    return _resized(name, image, rows, columns)


def at_size(kind: str, name: str, image: np.ndarray, recipe: Recipe, remarks: list[str]) -> np.ndarray:
    """Return an image (H, W, 3) at the size that the recipe wants; one that is smaller is enlarged if that says so.

    `kind` is what it is, for the remark that it is not enlarged, and `name` its file, for an error. `remarks` gets what
    the user should know. Raises InputError if the image would be too small or large at that size.
    """
    height, width = image.shape[:2]
    scale = recipe.size / (min(height, width) if recipe.size_of == "shorter side" else max(height, width))
    if scale > 1 and not recipe.enlarges:
        remarks.append(f"the {kind} has only {width}×{height} pixels and is used as it is, not enlarged")
        scale = 1.0
    return _resized(name, image, round(height * scale), round(width * scale))


def _resized(name: str, image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return the image at rows × columns pixels; raise InputError if the network or the memory has no use for them."""
    fault = None
    if min(rows, columns) < SMALLEST_SIDE:
        fault = f"at least {SMALLEST_SIDE} on both sides; crop it, or choose a larger one, a larger size or style scale"
    elif rows * columns > max(LARGEST_PIXELS, image.shape[0] * image.shape[1]):
        fault = f"at most {LARGEST_PIXELS / 1e6:.0f} million; crop it, or choose a smaller size"
    if fault:
        height, width = image.shape[:2]
        raise InputError(f"{name}: {width} × {height} pixels would be used at {columns} × {rows}, expected {fault}")
    return resize_to(image, rows, columns)


def start_image(images: Images, mean_rgb: np.ndarray, seed: int, noise: Noise, noise_share: float) -> np.ndarray:
    """Return where the optimiser starts: float32 RGB (H, W, 3) in [0, 255], of the content image's size.

    Noise is around the mean colour, as in the authors' later code; of a picture, `noise_share` is replaced by noise.
    """
    if images.init_image is not None and not noise_share:
        return images.init_image.astype(np.float32)
    rng, shape = np.random.default_rng(seed), images.content_image.shape
    if noise.kind == "normal":
        noise_image = mean_rgb + noise.level * rng.standard_normal(shape, np.float32)
    else:
        noise_image = mean_rgb + rng.uniform(-noise.level, noise.level, shape).astype(np.float32)
    if images.init_image is None:
        return noise_image
    return np.float32(1 - noise_share) * images.init_image + np.float32(noise_share) * noise_image
