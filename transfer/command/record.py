"""The `.json` beside a picture: everything one needs to make it again, and how its losses fell."""

import dataclasses
import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transfer.inputs.pictures import Pictures
from transfer.recipe.choices import Recipe
from transfer.train import Result
from vgg.files import atomic_write
from vgg.matfile.read import Weights

PACKAGES = ("tensorflow", "scipy", "numpy", "opencv-python")


def settings(
    recipe: Recipe, weights: Weights, kind: str, seed: int, files: dict[str, str], pictures: Pictures
) -> dict[str, Any]:
    """All that decides how a picture will look; `kind` says what the weights are, `files` names content and style."""
    images = {"content": pictures.content_image, "style": pictures.style_image}
    return {
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        **{
            name: {
                "file": files[name],
                "height": image.shape[0],
                "width": image.shape[1],
                "pixels_sha256": hashlib.sha256(image.tobytes()).hexdigest(),
            }
            for name, image in images.items()
        },
        "weights": {"file": str(weights.path), "kind": kind, "sha256": weights.sha256, "layout": weights.layout},
    }


def outcome(result: Result) -> dict[str, Any]:
    """How a run went, and with which versions of what."""
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "stopped": result.stopped,
        "steps": [_without_forecast(dataclasses.asdict(step)) for step in result.steps],
    }


def _without_forecast(step: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name != "left"}


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON; the file appears whole or not at all. Raises InputError, for example on a full disk."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
