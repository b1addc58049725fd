"""Label pictures: one colour for each region; read, and made into guides."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from transfer.inputs.crop import read_cropped
from transfer.inputs.files import KEEP, SAMPLE, Files
from transfer.inputs.region_names import color_of, name_of
from transfer.recipe.choices import Crop
from transfer.regions import WHOLE, Region
from vgg.errors import InputError, typed
from vgg.tools.image import read_size

#: More than a person would paint; a photograph, or a label picture saved as JPEG, has thousands.
MOST_LABELS = 16
#: How far the proportions of a label picture may be from those of its picture.
PROPORTIONS = 0.02
#: How far rounding changes the proportions of a picture of 16 pixels, the smallest that is used.
ROUNDED = 0.5 / 16


def read_labels(file: str, picture: str, shape: tuple[int, int], crop: Crop = "none") -> dict[str, np.ndarray]:
    """Return where each label is, (H, W) bool by its name, for the picture of that `shape`, (height, width).

    Raises:
        InputError: the file is no picture, of another shape than its picture, or has too many colours.
    """
    image = read_cropped(file, crop)
    require_proportions(file, image.shape[:2], picture, shape)
    codes = image.astype(np.int64) @ (1 << 16, 1 << 8, 1)  # (H, W)
    found = np.unique(codes)
    if len(found) > MOST_LABELS:
        raise InputError(
            f"{file}: a mask with {len(found)} colours, expected {MOST_LABELS} at most, one for each region; save it "
            f"as PNG without smoothing, or make one with `{typed('transfer.masks', picture)}`"
        )
    return {name_of((int(code) >> 16, int(code) >> 8 & 255, int(code) & 255)): codes == code for code in found}


def regions_of(
    files: Files, content_shape: tuple[int, int], style_shapes: Sequence[tuple[int, int]], crop: Crop = "none"
) -> tuple[Region, ...]:
    """Return the regions of a run that get a style; their weights and each one's shares add up to 1.

    Args:
        files: has the masks, and which regions have a style picture of their own.
        content_shape: (height, width) of the content image as it is used.
        style_shapes: the same of `files.style_pictures`.
        crop: how the pictures were cropped, and with them the masks.

    Raises:
        InputError: a mask cannot be used, or no region of the content has a partner.
    """
    shares = tuple(files.shares.values())
    if files.content_mask is None:
        return (Region(shares=shares, style_guides=(None,) * len(shares)),) if len(shares) > 1 else (WHOLE,)
    labels = read_labels(files.content_mask, files.content, content_shape, crop)
    own = {name_of(color_of(name)): file for name, file in files.region_styles}
    for name in own.keys() - labels.keys():
        raise InputError(f"--region {name}: the regions of {files.content_mask} are {', '.join(labels)}")
    masks = [
        read_labels(mask, style, shape, crop)
        for mask, style, shape in zip(files.style_masks, files.shares, style_shapes, strict=False)
    ]
    own_files = list(dict.fromkeys(file for file in own.values() if file != KEEP))
    regions = []
    for name, where in labels.items():
        if name in own:
            wanted = [0.0] * len(shares) + [float(file == own[name]) for file in own_files]
            parts: list[np.ndarray | None] = [None] * len(style_shapes)
        else:
            parts = [mask.get(name) for mask in masks] or [None] * len(shares)
            has = [part is not None or not masks for part in parts]
            wanted = [share * here for share, here in zip(shares, has, strict=True)] + [0.0] * len(own_files)
            parts += [None] * len(own_files)
        if any(wanted):
            in_use = tuple(share / sum(wanted) for share in wanted)
            guides = tuple(
                part if part is None else guide_of(part, shape) for part, shape in zip(parts, style_shapes, strict=True)
            )
            regions.append(Region(name, float(where.mean()), guide_of(where, content_shape), in_use, guides))
    if not regions:
        raise InputError(
            f"no region of {files.content_mask} ({', '.join(labels)}) gets a style; use the same colours in both "
            "masks, or name styles with --region"
        )
    total = sum(region.weight for region in regions)
    return tuple(replace(region, weight=region.weight / total) for region in regions)


def require_proportions(
    file: str, mask_shape: tuple[int, int], picture: str, shape: tuple[int, int], tolerance: float = PROPORTIONS
) -> None:
    """Return if a mask has its picture's proportions, (height, width) of both given; raises InputError if not."""
    (height, width), (rows, columns) = mask_shape, shape
    if abs(np.log(height / width * columns / rows)) > tolerance:
        raise InputError(
            f"{file}: a mask of {width} × {height} pixels for {picture}, used at {columns} × {rows}; expected the same "
            "proportions as its picture's"
        )


def check_proportions(files: Files) -> None:
    """Return if the content mask has about the proportions of the content picture's file; nothing is decoded.

    Raises:
        InputError: it has not, or one of both is not a picture.
    """
    mask, picture = files.content_mask, files.content
    if mask is not None and picture != SAMPLE:
        require_proportions(mask, read_size(mask), picture, read_size(picture), PROPORTIONS + ROUNDED)


def check_masks(files: Files, crop: Crop = "none") -> None:
    """Return if the masks fit each other and the regions named, whatever the pictures' proportions are.

    Raises:
        InputError: as `regions_of`.
    """
    if files.content_mask is not None:
        own, *others = (read_cropped(mask, crop).shape[:2] for mask in (files.content_mask, *files.style_masks))
        styles = len(files.style_pictures)
        regions_of(files, own, [*others, *[own] * styles][:styles], crop)


def guide_of(where: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return how much of each pixel of an image of that shape belongs to a label, float32 (height, width)."""
    rows, columns = shape
    shrunk = min(rows, where.shape[0]), min(columns, where.shape[1])
    guide = cv2.resize(where.astype(np.float32), shrunk[::-1], interpolation=cv2.INTER_AREA)
    return guide if shrunk == shape else cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_NEAREST)
