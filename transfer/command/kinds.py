"""Checks that what was read from a JSON file has the types that a dataclass says."""

import dataclasses
import sys
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints


def require_kinds(value: object) -> None:
    """Return if the fields of a dataclass have the types that it says; raises TypeError if not."""
    for name, kind in get_type_hints(type(value)).items():
        if not is_kind(getattr(value, name), kind):
            raise TypeError


def is_kind(value: object, kind: Any) -> bool:  # noqa: ANN401  (a type, or something of `typing`)
    """Return whether a value has a type; a whole number is also a float, and infinity is none."""
    if dataclasses.is_dataclass(kind):
        require_kinds(value)
        return True
    parts = get_args(kind)
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in parts
    if get_origin(kind) is UnionType:
        return any(is_kind(value, part) for part in parts)
    if get_origin(kind) is tuple:
        parts = parts[:1] * len(value) if isinstance(value, tuple) and parts[-1] is ... else parts
        return isinstance(value, tuple) and len(value) == len(parts) and all(map(is_kind, value, parts))
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return type(value) is kind
