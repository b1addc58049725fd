"""The images a run begins with: content, style and start image, read or drawn, at the sizes the recipe wants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from transfer.colors import UNMATCHED, unmatched
from transfer.inputs.crop import cropped, read_cropped
from transfer.inputs.files import SAMPLE, Files
from transfer.inputs.masks import regions_of
from transfer.inputs.sample_painting import painting
from transfer.inputs.sample_scene import scene
from transfer.recipe.choices import Noise, Recipe
from transfer.regions import WHOLE, Region
from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE
from vgg.tools.image import resize_to

#: Pixels that a picture is enlarged to at most. A long and narrow one could otherwise have thousands of millions.
LARGEST_PIXELS = 2**28
Draw = Callable[[int, int], np.ndarray]


@dataclass(frozen=True)
class Pictures:
    """The images, uint8 RGB (H, W, 3) each, and what the user should know of their sizes."""

    content_image: np.ndarray
    style_images: tuple[np.ndarray, ...]
    init_image: np.ndarray | None  # None for the start "noise"; else of the content image's size
    files: Files
    remarks: tuple[str, ...] = ()
    regions: tuple[Region, ...] = (WHOLE,)
    earlier: np.ndarray | None = None  # of a frame of a film, (H, W, 4) float32: see `transfer.objective.references`

    @property
    def style_image(self) -> np.ndarray:
        """Return the first style picture, which in most runs is the only one."""
        return self.style_images[0]

    @property
    def guided_regions(self) -> int:
        """Return how many regions are only a part of the picture."""
        return sum(region.guide is not None for region in self.regions)


def load(files: Files, recipe: Recipe, content_image: np.ndarray | None = None) -> Pictures:
    """Read (or draw, for `sample`) the pictures and bring them to the recipe's sizes.

    `content_image` (H, W, 3) is the content picture as in its file, if that was read already: see `content_in_file`.

    Raises:
        InputError: a file is not a picture that can be used, or at the recipe's size it would be too small or large.
    """
    remarks: list[str] = []
    if content_image is None:
        content_image = content_in_file(files.content, recipe)
    content_image = at_size("content picture", files.content, content_image, recipe, remarks)
    styles = [style_at(name, recipe, content_image.shape[:2], remarks) for name in files.style_pictures]
    return together(files, recipe, content_image, styles, remarks)


def together(
    files: Files, recipe: Recipe, content_image: np.ndarray, styles: Sequence[np.ndarray], remarks: Sequence[str]
) -> Pictures:
    """Return the pictures of a run from content and styles at their sizes; regions and start are made from them.

    Raises:
        InputError: the start picture or a mask cannot be used.
    """
    (rows, columns), style_images = content_image.shape[:2], tuple(styles)
    off = [unmatched(image, content_image, recipe.colors) for image in style_images]
    found = [
        f"{name} has too few colours for --colors {recipe.colors}: their covariance stays {share:.0%} off the "
        "content's; --colors luminance keeps the content's colours exactly"
        for name, share in zip(files.style_pictures, off, strict=True)
        if share > UNMATCHED
    ]
    regions = regions_of(files, (rows, columns), [image.shape[:2] for image in style_images], recipe.crop)
    init_image = None
    if recipe.init == "picture":
        init_image = resize_to(read_cropped(files.init, recipe.crop), rows, columns)
    elif recipe.init != "noise":
        starts = {"content": content_image, "style": resize_to(style_images[0], rows, columns)}
        parts = recipe.init_shares or ((recipe.init, 1.0),)
        init_image = starts[parts[0][0]] if len(parts) == 1 else sum(np.float32(n) * starts[name] for name, n in parts)
    return Pictures(content_image, style_images, init_image, files, (*remarks, *found), regions)


def content_in_file(name: str, recipe: Recipe) -> np.ndarray:
    """Return the content picture as it is in its file, cropped, or drawn; raises InputError if it cannot be used."""
    return _image(name, scene, recipe)


def style_at(name: str, recipe: Recipe, content_shape: tuple[int, int], remarks: list[str]) -> np.ndarray:
    """Return a style picture at the size that the recipe wants; raises InputError if it cannot be used."""
    if recipe.style_size == "own":
        scaled = replace(recipe, size=max(1, round(recipe.size * recipe.style_scale)))
        return at_size("style picture", name, _image(name, painting, scaled), scaled, remarks)
    image = _image(name, painting, recipe)
    rows, columns = (round(side * recipe.style_scale) for side in content_shape)
    if recipe.style_size == "content width":
        rows = round(image.shape[0] * columns / image.shape[1])
    return _resized(name, image, rows, columns)


def _image(name: str, draw: Draw, recipe: Recipe) -> np.ndarray:
    """Return the picture as it is in its file, or drawn 4:3, large enough for the recipe's size."""
    if name != SAMPLE:
        return read_cropped(name, recipe.crop)
    width = recipe.size if recipe.size_of == "longer side" else ceil(recipe.size * 4 / 3)
    width = min(max(width, 768), 4096)  # no smaller than looks good, no larger than is drawn soon
    return cropped(draw(width * 3 // 4, width), recipe.crop)


def at_size(kind: str, name: str, image: np.ndarray, recipe: Recipe, remarks: list[str]) -> np.ndarray:
    """Return an image (H, W, 3) at the size that the recipe wants; one that is smaller is enlarged if that says so.

    Args:
        kind: what it is, for the remark that it is not enlarged.
        name: its file, for the message of an error.
        image: as it is in its file, or a part of it.
        recipe: has the size.
        remarks: gets what the user should know.

    Raises:
        InputError: at that size it would be too small or too large.
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


def start_image(pictures: Pictures, mean_rgb: np.ndarray, seed: int, noise: Noise, noise_share: float) -> np.ndarray:
    """Return where the optimiser starts: float32 RGB (H, W, 3) in [0, 255], of the content image's size.

    Noise is around the mean colour, as in the authors' later code; of a picture, `noise_share` is replaced by noise.
    """
    if pictures.init_image is not None and not noise_share:
        return pictures.init_image.astype(np.float32)
    rng, shape = np.random.default_rng(seed), pictures.content_image.shape
    if noise.kind == "normal":
        noise_image = mean_rgb + noise.level * rng.standard_normal(shape, np.float32)
    else:
        noise_image = mean_rgb + rng.uniform(-noise.level, noise.level, shape).astype(np.float32)
    if pictures.init_image is None:
        return noise_image
    return np.float32(1 - noise_share) * pictures.init_image + np.float32(noise_share) * noise_image
