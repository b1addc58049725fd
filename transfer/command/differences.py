"""What differs between two runs, in words: of their settings, and of the machines they were computed on."""

from typing import Any

#: Where a file was does not matter; its digest, which stands beside, does.
NAMES = ("file",)


def differences(there: Any, here: Any, name: str = "") -> list[str]:  # noqa: ANN401  (whatever JSON can hold)
    """Return for example `recipe.iterations is 30 there and 40 here`, a line for each value that differs.

    Both are as JSON gives them back. `there` is what was recorded.
    """
    if isinstance(there, dict) and isinstance(here, dict):
        keys = [key for key in dict.fromkeys((*there, *here)) if key not in NAMES]
        inside = ((key, there.get(key), here.get(key)) for key in keys)
        return [line for key, *values in inside for line in differences(*values, f"{name}.{key}" if name else key)]
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        pairs = enumerate(zip(there, here, strict=True), start=1)
        return [line for i, values in pairs for line in differences(*values, f"{name} {i}")]
    return [] if there == here else [f"{name} is {_short(there)} there and {_short(here)} here"]


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}…"
