"""Which content picture gets which style picture: from a folder, from lists and globs, or from a CSV file.

In one folder, pictures named `content_…` go with each one named `style_…`, as in the TensorFlow walk-throughs that read
their pictures by generators. Nothing is decoded here.
"""

import csv
import glob
import io
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from transfer.inputs import natural, pictures_in
from vgg.errors import InputError
from vgg.tools.files import open_file, require_quoted, unreadable

PREFIXES = {"content": "content_", "style": "style_"}


class Pair(NamedTuple):
    """Paths of a content and a style picture."""

    content: str
    style: str

    @property
    def name(self) -> str:
        """Return what the result is called: `photo-starry` for content_photo.jpg and style_starry.jpg."""
        return f"{short_name(self.content, 'content')}-{short_name(self.style, 'style')}"


def short_name(path: str, kind: str) -> str:
    """Return the file's name without its ending and without `content_` or `style_`."""
    stem = Path(path).stem
    return stem.removeprefix(PREFIXES[kind]) or stem


def folder_pairs(folder: str, how: str) -> list[Pair]:
    """Return the pairs of the pictures in one folder, by their names; raises InputError if one kind is missing."""
    names = pictures_in(folder)
    of_kinds = []
    for prefix in PREFIXES.values():
        of_kinds.append([os.path.join(folder, name) for name in names if name.startswith(prefix)])
        if not of_kinds[-1]:
            raise InputError(f"{folder} has no picture named {prefix}…; rename some, or use --contents and --styles")
    return pairs_of(*of_kinds, how)


def listed_pairs(contents: Sequence[str], styles: Sequence[str], how: str) -> list[Pair]:
    """Return the pairs of pictures in folders, globs, `.txt` lists (a name on each line) and single files."""
    return pairs_of(_expanded(contents), _expanded(styles), how)


def pairs_of(contents: Sequence[str], styles: Sequence[str], how: str) -> list[Pair]:
    """Return each content with each style ("all"), or the first with the first and so on ("zip")."""
    if how == "all":
        return [Pair(content, style) for content in contents for style in styles]
    if len(contents) != len(styles):
        raise InputError(
            f"--pairs zip found {len(contents)} contents and {len(styles)} styles, expected as many of both; "
            "choose --pairs all, or name them in a CSV file"
        )
    return [Pair(*pair) for pair in zip(contents, styles, strict=True)]


def csv_pairs(path: str) -> list[Pair]:
    """Return the pairs in a CSV file with columns `content` and `style`; paths are relative to its folder."""
    try:
        reader = csv.DictReader(io.StringIO(_text_in(path), newline=""))
        columns, rows = reader.fieldnames or [], [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path} is not a CSV file ({error}); save it as one") from None
    if not set(PREFIXES) <= set(columns):
        has = ", ".join(map(repr, columns)) or "none"
        raise InputError(f"{path} has the columns {has}, expected content and style; add what is missing")
    folder, pairs = os.path.dirname(path), []
    for line, row in rows:
        content, style = (as_meant((row[name] or "").strip()) for name in PREFIXES)
        if not content or not style:
            raise InputError(f"{path}, line {line}: a cell is empty, expected a content and a style; fill it in")
        pairs.append(Pair(os.path.join(folder, content), os.path.join(folder, style)))
    if not pairs:
        raise InputError(f"{path} has no rows below its head, expected a pair on each; add some")
    return pairs


def harmless(text: str) -> str:
    """Return the text of a cell, after an apostrophe if a spreadsheet would take it for a formula; see `as_meant`."""
    return f"'{text}" if re.match(r"'*[=+\-@\t\r]", text) else text


def as_meant(cell: str) -> str:
    """Return what `harmless` was given for a cell."""
    return cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell


def one_name(name: str) -> str:
    """Return the same for names that are one on some disks: for A and a, and for é in one sign and in two."""
    return unicodedata.normalize("NFC", name).casefold()


def require_distinct(pairs: Sequence[Pair]) -> None:
    """Raise InputError if two results have the same name, also where A and a are the same."""
    seen: dict[str, Pair] = {}
    for pair in pairs:
        other = seen.setdefault(one_name(pair.name), pair)
        if other != pair:
            raise InputError(
                f"{other.content} with {other.style} and {pair.content} with {pair.style} would both be called "
                f"{pair.name}.png; rename one"
            )


def _expanded(words: Sequence[str]) -> list[str]:
    require_quoted(words)
    names: list[str] = []
    for word in words:
        inside = [word]
        if os.path.isdir(word):
            inside = [os.path.join(word, name) for name in pictures_in(word)]
        elif word.lower().endswith(".txt"):
            lines = _text_in(word).splitlines()
            inside = [os.path.join(os.path.dirname(word), line.strip()) for line in lines if line.strip()]
        elif glob.has_magic(word) and not os.path.exists(word):
            inside = sorted(glob.glob(word), key=natural)
        elif not os.path.lexists(word):
            raise unreadable(word, FileNotFoundError())
        if not inside:
            raise InputError(f"{word} names no picture, expected a folder of pictures, a list, or a glob; name another")
        names += inside
    return list(dict.fromkeys(names))


def _text_in(path: str) -> str:
    try:
        with open_file(path) as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name a list or CSV file of pictures") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text in UTF-8 ({error}); save it as one") from None
    # No file name can have a NUL. With its symbol instead, the row names a picture that is not there.
    return text.replace("\0", "\N{SYMBOL FOR NULL}")
