"""The `.json` beside a picture: all that decided how it looks, and how its losses fell."""

import dataclasses
import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from transfer.machine import processor, threads
from transfer.margin import kept
from transfer.recipe.choices import OWN_L_BFGS
from transfer.recipe.ours import recipe_named
from transfer.regions import Region
from transfer.session import Job, Session
from transfer.term import Losses
from transfer.train import Result, Step
from vgg.tools.files import atomic_write, file_digest
from vgg.tools.image import Depth, to_depth
from weights.verify import describe

PACKAGES = ("tensorflow", "scipy", "numpy", "opencv-python")
THREADS = {"tensorflow": "TF_NUM_INTRAOP_THREADS", "blas": "OPENBLAS_NUM_THREADS"}
GROUPS = ("content", "style", "tv")  # are always in a record; a term of another group adds its own


def settings(job: Job, session: Session) -> dict[str, Any]:
    """Return all that decides how a picture will look, as JSON gives it back."""
    pictures, weights, recipe = job.pictures, session.weights, job.recipe
    images, files = {"content": pictures.content_image}, {"content": pictures.files.content}
    for i, (image, file) in enumerate(zip(pictures.style_images, pictures.files.style_pictures, strict=True)):
        name = "style" if i == 0 else f"style {i + 1}"
        images[name], files[name] = image, file
    sizes = dict.fromkeys((phase.height, phase.width) for phase in session.phases(job))
    if recipe.init == "picture":
        images, files = images | {"init": pictures.init_image}, files | {"init": pictures.files.init}
    found = {
        "recipe": dataclasses.asdict(recipe),
        "seed": job.seed,
        **{
            name: {
                "file": files[name],
                "height": image.shape[0],
                "width": image.shape[1],
                "pixels_sha256": pixels_digest(image),
            }
            for name, image in images.items()
        },
        "weights": {
            "file": str(weights.path),
            "kind": describe(weights),
            "sha256": weights.sha256,
            "layout": weights.layout,
        },
        "regions": [region_settings(region) for region in pictures.regions],
        "precision": session.precision,
        "sizes": [size_settings(job, session, *size) for size in sizes],
    }
    return json.loads(json.dumps(found))


def environment() -> dict[str, Any]:
    """Return on what the last bits of a picture depend besides the settings."""
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "processor": processor(),
        "threads": {name: threads(variable) for name, variable in THREADS.items()},
    }


def region_settings(region: Region) -> dict[str, Any]:
    """Return which styles a region gets, and what its guides can be recognised by."""
    guides = {"content": region.guide, **{f"style {i + 1}": guide for i, guide in enumerate(region.style_guides)}}
    digests = {name: pixels_digest(guide) for name, guide in guides.items() if guide is not None}
    return {"name": region.name, "weight": region.weight, "shares": region.shares, "guides_sha256": digests}


def size_settings(job: Job, session: Session, height: int, width: int) -> dict[str, Any]:
    """Return how an image of this size is computed: the memory decides it, and it changes the last digits."""
    plan = session.plan(job.recipe, height, width, job.pictures.guided_regions)
    found = {"height": height, "width": width, "rows_of_a_stripe": plan.rows}
    if job.recipe.optimizer in OWN_L_BFGS:
        found |= {"l_bfgs_history": plan.l_bfgs.history, "l_bfgs_dtype": np.dtype(plan.l_bfgs.dtype).name}
    return found


def outcome(result: Result) -> dict[str, Any]:
    """Return how a run went, and what computed it."""
    return {
        **environment(),
        "stopped": result.stopped,
        "losses": _losses(result.losses) if result.losses and result.precision == "float32" else None,
        "steps": [_step(step) for step in result.steps],
    }


def reported_as(name: str, session: Session, job: Job, result: Result, depth: Depth) -> dict[str, Any]:
    """Return the losses of a result, rounded to the levels of its file, in the units of the recipe called `name`.

    If that recipe has a margin, it is the one that was trained; a run without one is measured without one.
    """
    recipe, wide = recipe_named(name), result.wide_image.copy()
    trained = (wide.shape[0] - result.image.shape[0]) // 2
    margin = min(recipe.margin, trained)
    kept(wide, trained)[:] = to_depth(result.image, depth) * np.float32(255 / (2**depth - 1))
    objective = session.objective(dataclasses.replace(recipe, margin=margin), job.pictures)
    losses, _ = objective(kept(wide, trained - margin))
    return {"recipe": name, "total": losses.total} | dict.fromkeys(GROUPS, 0.0) | losses.groups


def written(path: Path, image: np.ndarray, depth: Depth = 8) -> dict[str, Any]:
    """Return what the file `path`, to which `image` (H, W, 3) was written, can be recognised by."""
    pixels = to_depth(image, depth)
    return {
        "file": path.name,
        "height": image.shape[0],
        "width": image.shape[1],
        "depth": depth,
        "sha256": file_digest(path, "sha256"),
        "pixels_sha256": pixels_digest(pixels),
    }


def pixels_digest(image: np.ndarray) -> str:
    """Return the SHA-256 of the numbers of an image (H, W, 3), RGB; those of 16 bits with the lower byte first."""
    return hashlib.sha256(image.astype(image.dtype.newbyteorder("<"), copy=False).tobytes()).hexdigest()


def _step(step: Step) -> dict[str, Any]:
    counts = {"step": step.step, "evaluations": step.evaluations, "seconds": step.seconds}
    return counts | _losses(step.losses) | {"size": step.size, "precision": step.precision}


def _losses(losses: Losses) -> dict[str, Any]:
    groups = dict.fromkeys(GROUPS, 0.0) | losses.groups
    layers = {name: loss for name, loss in losses.terms.items() if name not in losses.groups}
    return {**groups, "total": losses.total, "layers": layers}


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON; the file appears whole or not at all. Raises InputError, for example on a full disk."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
