"""From the words of the command line to the files of a run: content, styles, masks, and which region gets what."""

import argparse
import os

from transfer.command.options import STARTS
from transfer.inputs.files import SAMPLE, Files
from transfer.inputs.region_names import color_of
from vgg.errors import InputError, typed

LARGEST_SHARE = 1e6  # of a style picture in a blend


def files_from(options: argparse.Namespace) -> Files:
    """Return the pictures that the user named.

    Raises:
        InputError: a picture was not named, or there are not as many of one kind as of another.
    """
    styles = tuple(name for words in (*options.style, *options.more_styles) for name in _names(words))
    if options.content is None or not styles:
        missing = "style" if options.content else "content and style"
        raise InputError(
            f"the {missing} picture is missing, expected two, as in `{typed('transfer', 'photo.jpg', 'painting.jpg')}`"
            "; the words `sample sample` stand for a pair drawn by our code"
        )
    if "" in (options.content, *styles, options.content_mask, *options.style_mask):
        raise InputError("the name of a picture is empty, expected a file; look for a variable that is not set")
    start = options.init
    file = None if start is None or start in STARTS or ("=" in start and not os.path.exists(start)) else start
    if file is not None and not os.path.exists(file):
        raise InputError(f"--init is {file!r}, expected content, style, noise, a blend, or a picture that exists")
    masks, regions = tuple(options.style_mask), tuple(_region(text) for text in options.region)
    blend = _blend(options.style_blend)
    files = Files(options.content, styles[0], file, styles[1:], blend, options.content_mask, masks, regions)
    require_usable(files)
    return files


def require_usable(files: Files) -> None:
    """Raise InputError unless there are as many files of one kind as of another, and each region's colour is known."""
    styles, masks, regions = files.styles, files.style_masks, files.region_styles
    if files.content_mask is None and (masks or regions):
        raise InputError("--style-mask and --region need a --content-mask, which says where the regions are")
    if files.content_mask is not None and not masks and not regions:
        raise InputError("--content-mask needs --style-mask or --region, which say which style each region gets")
    if masks and len(masks) != len(styles):
        raise InputError(f"--style-mask given {len(masks)} times, expected once for each style: {len(styles)} in all")
    if masks and len(set(styles)) < len(styles):
        raise InputError("a style picture is there twice, expected each once where --style-mask is given")
    if len({color_of(name) for name, _ in regions}) < len(regions):
        raise InputError("--region names a colour twice, expected each once")
    blend, text = files.blend, ":".join(f"{share:g}" for share in files.blend)
    if not all(0 <= share <= LARGEST_SHARE for share in blend) or (blend and not sum(blend)):
        raise InputError(
            f"--style-blend is {text!r}, expected numbers from 0 to {LARGEST_SHARE:g} with colons between them, such "
            "as 3:1, and not all of them 0"
        )
    if blend and len(blend) != len(styles):
        raise InputError(f"--style-blend is {text!r}, expected a number for each style picture: {len(styles)} in all")


def _names(words: str) -> list[str]:
    """Return a file's name, or those in `a.jpg b.jpg` if there is no such file but one of these: make's STYLE="…"."""
    names = words.split()
    several = len(names) > 1 and not os.path.exists(words)
    return names if several and any(name == SAMPLE or os.path.exists(name) for name in names) else [words]


def _blend(text: str | None) -> tuple[float, ...]:
    """Return `3:1` as (3, 1)."""
    try:
        return tuple(float(item) for item in text.split(":")) if text is not None else ()
    except ValueError:
        raise InputError(
            f"--style-blend is {text!r}, expected numbers from 0 to {LARGEST_SHARE:g} with colons between them"
        ) from None


def _region(text: str) -> tuple[str, str]:
    """Return `white=night.jpg` as its two words."""
    name, equals, file = (word.strip() for word in text.partition("="))
    if not equals or not file:
        raise InputError(f"--region is {text!r}, expected such as white=night.jpg or white=keep")
    color_of(name)
    return name, file
