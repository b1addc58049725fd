"""The `.json` beside a picture: all that decided how it looks, and how its losses fell.

By its record a picture is recognised (`identity`) and made again (`repeated`, for `--from`). Inputs are known by their
digests, so they may have been moved.
"""

import dataclasses
import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from transfer.cli.options import RunOptions, require_sensible
from transfer.files import KEEP, Files, is_mask, require_usable, strength_of
from transfer.machine import processor, threads
from transfer.other_programs import recipe_named
from transfer.recipes import OWN_L_BFGS, Recipe
from transfer.sizes import without_margin
from vgg.errors import InputError
from vgg.load import FOLDER
from vgg.tools.console import LARGEST, Say
from vgg.tools.files import file_digest, open_file, unreadable, write_whole
from vgg.tools.image import Depth, to_depth

if TYPE_CHECKING:
    from transfer.losses import Losses
    from transfer.session import Job, Session
    from transfer.train import Phase, Result


PACKAGES = ("tensorflow", "scipy", "numpy", "opencv-python")
#: What counts the threads, and the variable of the environment that decides how many.
THREADS = {"tensorflow": "TF_NUM_INTRAOP_THREADS", "blas": "OPENBLAS_NUM_THREADS"}
GROUPS = ("content", "style", "tv")  # are always in a record; a term of another group adds its own
PICTURES = "pictures"  # where the record of a sheet lists them, see `transfer.cli.sweep`
ENDED = ("finished", "converged")  # what a record says of a run that was not stopped


#: Fields of a recipe that older records lack: they are left out as long as they change nothing.
NEWER = ("style_statistic", "moments_scale", "matched_content")


# What a record says.


def settings(session: "Session", job: "Job", phases: "Sequence[Phase]") -> dict[str, Any]:
    """Return all that decides how a picture will look, as JSON gives it back; `phases` are the session's of the job."""
    from weights.verify import describe  # here, because SciPy comes with it: nobody waits for it who named a wrong file

    images, weights, recipe = job.images, session.weights, job.recipe
    named = {"content": (images.files.content, images.content_image)}
    for i, style in enumerate(zip(images.files.style_pictures, images.style_images, strict=True)):
        named["style" if i == 0 else f"style {i + 1}"] = style
    if recipe.init == "picture":
        named["init"] = (images.files.init, images.init_image)
    regions = []
    for region in images.regions:
        guides = {"content": region.guide, **{f"style {i}": guide for i, guide in enumerate(region.style_guides, 1)}}
        digests = {name: pixels_digest(guide) for name, guide in guides.items() if guide is not None}
        about = {"name": region.name, "weight": region.weight, "shares": region.shares}
        regions.append(about | {"guides_sha256": digests})
    kind = {"file": str(weights.path), "kind": describe(weights), "sha256": weights.sha256, "layout": weights.layout}
    content = {
        "recipe": recipe_entries(recipe),
        "seed": job.seed,
        **({"full_size_steps": job.then.recipe.iterations} if job.then else {}),
        **{name: {"file": file, **_shape_and_pixels(image)} for name, (file, image) in named.items()},
        "weights": kind,
        "regions": regions,
        **({} if images.content_weights is None else {"content_weights_sha256": pixels_digest(images.content_weights)}),
        "precision": session.precision,
        "sizes": [_size_settings(session, job, *size) for size in dict.fromkeys((p.height, p.width) for p in phases)],
    }
    return json.loads(json.dumps(content))


def recipe_entries(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as records have it."""
    usual = {field.name: field.default for field in dataclasses.fields(Recipe) if field.name in NEWER}
    unused = {name for name, value in usual.items() if getattr(recipe, name) == value}
    return {name: value for name, value in asdict(recipe).items() if name not in unused}


def _shape_and_pixels(image: np.ndarray) -> dict[str, Any]:
    return {"height": image.shape[0], "width": image.shape[1], "pixels_sha256": pixels_digest(image)}


def _size_settings(session: "Session", job: "Job", height: int, width: int) -> dict[str, Any]:
    """Return how an image of this size is computed: the memory decides it, and it changes the last digits."""
    plan = session.plan(job.recipe, height, width, job.images.guided_regions)
    size = {"height": height, "width": width, "rows_of_a_stripe": plan.rows}
    if job.recipe.optimizer in OWN_L_BFGS:
        size |= {"l_bfgs_history": plan.l_bfgs.history, "l_bfgs_dtype": np.dtype(plan.l_bfgs.dtype).name}
    return size


def environment() -> dict[str, Any]:
    """Return on what the last bits of a picture depend besides the settings."""
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "processor": processor(),
        "threads": {name: threads(variable) for name, variable in THREADS.items()},
    }


def outcome(result: "Result") -> dict[str, Any]:
    """Return how a run went, and what computed it."""
    steps = []
    for step in result.steps:
        counts = {"step": step.step, "evaluations": step.evaluations, "seconds": step.seconds}
        steps.append(counts | _losses(step.losses) | {"size": step.size, "precision": step.precision})
    losses = _losses(result.losses) if result.losses and result.precision == "float32" else None
    return {**environment(), "stopped": result.stopped, "losses": losses, "steps": steps}


def _losses(losses: "Losses") -> dict[str, Any]:
    layers = {name: loss for name, loss in losses.terms.items() if name not in losses.groups}
    return {**dict.fromkeys(GROUPS, 0.0), **losses.groups, "total": losses.total, "layers": layers}


def reported_as(name: str, session: "Session", job: "Job", result: "Result", depth: Depth) -> dict[str, Any]:
    """Return the losses of a result, rounded to the levels of its file, in the units of the recipe called `name`.

    If that recipe has a margin, it is the one that was trained; a run without one is measured without one.
    """
    recipe, wide = recipe_named(name), result.wide_image.copy()
    trained = (wide.shape[0] - result.image.shape[0]) // 2
    margin = min(recipe.margin, trained)
    without_margin(wide, trained)[:] = to_depth(result.image, depth) * np.float32(255 / (2**depth - 1))
    objective = session.objective(replace(recipe, margin=margin), job.images)
    losses, _ = objective(without_margin(wide, trained - margin))
    return {"recipe": name, "total": losses.total} | dict.fromkeys(GROUPS, 0.0) | losses.groups


def about_result(path: Path, image: np.ndarray, depth: Depth) -> dict[str, Any]:
    """Return what the file `path`, to which `image` (H, W, 3) was written, can be recognised by."""
    about = {"file": path.name, "depth": depth, "sha256": file_digest(path, "sha256")}
    return about | _shape_and_pixels(to_depth(image, depth))


def pixels_digest(image: np.ndarray) -> str:
    """Return the SHA-256 of the numbers of an image (H, W, 3), RGB; those of 16 bits with the lower byte first."""
    return hashlib.sha256(image.astype(image.dtype.newbyteorder("<"), copy=False).tobytes()).hexdigest()


def sources(files: Files, read_before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the pictures' files as the user named them, and the place, length and digest of each.

    `read_before` has what `inputs_of` returned for some of them. Raises InputError if one of them can no longer be
    read.
    """
    inputs, names = dict(read_before or {}), dict.fromkeys(files.named())
    inputs |= inputs_of(name for name in names if name not in inputs)
    return {"files": json.loads(json.dumps(asdict(files))), "inputs": {name: inputs[name] for name in names}}


def inputs_of(names: Iterable[str]) -> dict[str, Any]:
    """Return where each of the named files is, how many bytes it has, and its digest."""
    inputs = {}
    for name in names:
        path = Path(name).absolute()
        try:
            sha256 = file_digest(path, "sha256")
            inputs[name] = {"path": str(path), "bytes": path.stat().st_size, "sha256": sha256}
        except OSError as error:
            raise unreadable(name, error) from None
    return inputs


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON; the file appears whole or not at all. Raises InputError, for example on a full disk."""
    write_whole(path, json.dumps(content, indent=1) + "\n")


def read_record(path: Path) -> dict[str, Any] | None:
    """Return the JSON object that is in a file, or None if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


# What a picture is recognised by.


def differences(
    recorded: Any,  # noqa: ANN401  (whatever JSON can hold, as in the next one)
    present: Any,  # noqa: ANN401
    name: str = "",
    words: str = "was {} and is now {}",
) -> list[str]:
    """Return for example `recipe.iterations was 30 and is now 40`, a line for each value that differs.

    Both are as JSON gives them back. Where a file was does not matter; its digest, which stands beside, does.
    """
    old, new = flat(recorded, name), flat(present, name)
    different = [leaf for leaf in old | new if old.get(leaf) != new.get(leaf) and leaf.rpartition(".")[2] != "file"]
    return [f"{leaf} {words.format(_short(old.get(leaf)), _short(new.get(leaf)))}" for leaf in different]


def flat(value: Any, name: str = "") -> dict[str, Any]:  # noqa: ANN401  (whatever JSON can hold)
    """Return all that is below a value, by names such as `recipe.noise.level`, or `sizes.1.height` in a list."""
    if isinstance(value, (list, tuple)) and any(isinstance(item, dict) for item in value):
        value = dict(enumerate(value, start=1))
    if not isinstance(value, dict):
        return {name: value}
    below = (flat(item, f"{name}.{key}" if name else str(key)) for key, item in value.items())
    return {leaf: item for leaves in below for leaf, item in leaves.items()}


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}…"


def ordered(recipe: Recipe, origin: dict[str, Any], weights_sha256: str, options: RunOptions) -> dict[str, Any]:
    """Return what the record of a picture will say that is not made yet, as far as `identity` asks.

    `origin` has what `sources` returns.
    """
    return {
        "recipe": json.loads(json.dumps(recipe_entries(recipe))),
        "files": origin["files"],
        "inputs": origin["inputs"],
        "seed": options.seed,
        "finish": options.finish,
        "precision": options.precision,
        "weights": {"sha256": weights_sha256},
        "reported_as": {"recipe": options.report_as},
    }


def identity(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a picture is recognised by: choices, weights, and files (by their digests).

    The memory is not among them: it changes the last digits only, and with the load of the machine or the number of
    workers it would make everything anew. Raises LookupError, TypeError, ValueError or AttributeError if something is
    missing in the record.
    """
    files = parsed(record["files"], Files)
    return {
        **record["recipe"],
        **record["finish"],
        "seed": record["seed"],
        "precision": record["precision"],
        "weights": record["weights"]["sha256"],
        "reported_as": record.get("reported_as", {}).get("recipe"),
        "inputs": [record["inputs"][name]["sha256"] for name in files.named()],
        "blend": list(files.shares.values()),
        "regions": [
            ("" if is_mask(name) else name, word if word == KEEP else strength_of(word))
            for name, word in files.region_styles
        ],
    }


def digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, or None if it cannot be read."""
    try:
        return file_digest(path, "sha256")
    except OSError:
        return None


# The same run again.


@dataclass(frozen=True)
class Repeated:
    """A record, and the run that it asks for. What cannot be the same is said before it begins."""

    path: Path
    exact: bool  # whether a difference ends the program
    record: dict[str, Any]
    recipe: Recipe
    files: Files
    options: RunOptions  # those of the command, with what the record decides

    def compare(self, present: dict[str, Any], say: Say) -> None:
        """Say what differs from the recorded run; `present` has settings and environment of this one.

        Raises InputError if something differs although it must not.
        """
        lines = differences({name: self.record.get(name) for name in present}, present)
        if self.record["stopped"] not in ENDED:
            steps = len(self.record["steps"])
            lines.append(f"the recorded run was stopped after {steps} steps, and this one goes to its end")
        if lines and self.exact:
            more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
            raise InputError(
                f"not the run of {self.path}: {lines[0]}{more}; leave out --exact to make the picture all the same"
            )
        for line in lines:
            say(f"differs: {line}")
        if not lines:
            say(f"nothing differs from the run of {self.path}")

    def verdict(self, result: dict[str, Any]) -> str:
        """Return whether the picture, as `result` of its record describes it, is the recorded one."""
        recorded = self.record["result"]
        same = result["pixels_sha256"] == recorded["pixels_sha256"]
        return f"its pixels are {'the same as' if same else 'others than'} those of {recorded['file']}"


def repeated(path: Path, exact: bool, given: RunOptions) -> Repeated:
    """Return the run that `--from` asks for; `given` are the options that stand beside it.

    Raises InputError if the file is not such a record, or a picture is not to be found.
    """
    try:
        with open_file(path) as file:
            record = json.load(file)
        if PICTURES in record:
            raise InputError(f"{path} is the record of a sheet; choose one of its pictures: --from {path} --pick N")
        recipe, result, weights = parsed(record["recipe"], Recipe), record["result"], record["weights"]
        require_sensible(recipe)
        places = {name: _place_of(name, about, path.parent) for name, about in record["inputs"].items()}
        files = parsed({name: _moved(value, places) for name, value in record["files"].items()}, Files)
        require_usable(files)
        choices = {"seed": record["seed"], "precision": record["precision"], **record["finish"]}
        decided = parsed(choices | {"max_memory": record["memory_bytes"]}, RunOptions)
        texts = (record["stopped"], weights["file"], weights["sha256"])
        texts += (result["file"], result["sha256"], result["pixels_sha256"])
        parsed(list(texts), tuple[str, ...])
        numbers = decided.seed, (decided.full_size_steps or 0)
        if (recipe.init == "picture") != (files.init is not None) or min(numbers) < 0 or not record["steps"]:
            raise ValueError
        file = Path(weights["file"])
        candidates = (file, path.parent / file.name, FOLDER / file.name)
        own_weights = next((place for place in candidates if digest_of(place) == weights["sha256"]), None)
        memory = given.max_memory or record["memory_bytes"]
        options = replace(given, **choices, weights=given.weights or own_weights, max_memory=memory)
        return Repeated(path, exact, record, recipe, files, options)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name the .json beside a picture") from None
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(f"{path} is not the record of a picture; name the .json beside a picture") from None


def continued(again: Repeated, iterations: int | None) -> Repeated:
    """Return the run that goes on with a recorded picture, at its size, for the record's or so many `iterations`."""
    recipe = replace(again.recipe, init="picture", init_shares=(), noise_share=0.0, scales=())
    recipe = replace(recipe, iterations=iterations or recipe.iterations)
    return replace(again, files=replace(again.files, init=str(picture_of(again))), recipe=recipe)


def require_unchanged(again: Repeated) -> None:
    """Raise InputError unless the recorded picture, what it was made from, and the weights are those of the record."""
    record, named = again.record, parsed(again.record["files"], Files).named()
    if again.options.weights is None:
        raise InputError(f"the weights {record['weights']['file']} of {again.path} are gone; name them by --weights")
    digests = {str(picture_of(again)): record["result"]["sha256"]}
    recorded = {name: about["sha256"] for name, about in record["inputs"].items()}
    digests |= {place: recorded.get(name) for place, name in zip(again.files.named(), named, strict=True)}
    for place, digest in digests.items():
        if digest is None or digest_of(Path(place)) != digest:
            raise InputError(f"{place} was changed or deleted after {again.path} was written; put the old file back")


def picture_of(again: Repeated) -> Path:
    """Return where the recorded picture is: beside its record."""
    return again.path.with_name(Path(again.record["result"]["file"]).name)


def _place_of(name: str, about: dict[str, Any], folder: Path) -> str:
    """Return where an input is: the file with its digest, else the one with its name; `folder` is the record's."""
    places = [Path(about["path"]), Path(name), folder / Path(name).name]
    others = (place for place in sorted(folder.iterdir()) if place.is_file() and place.stat().st_size == about["bytes"])
    for place in (*places, *others):
        if digest_of(place) == about["sha256"]:
            return str(place)
    for place in places:
        if place.is_file():
            return str(place)
    raise InputError(
        f"{name}, an input of the recorded run, is neither at {about['path']} nor beside the record; copy it there"
    )


def _moved(value: Any, places: dict[str, str]) -> Any:  # noqa: ANN401  (whatever a field of `Files` holds)
    """Return a field of `Files` with each input's name replaced by where it is."""
    if isinstance(value, list):
        return [_moved(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


def parsed(value: Any, kind: Any) -> Any:  # noqa: ANN401  (what JSON holds, and a type or something of `typing`)
    """Return a value from JSON as its type says: lists as tuples, objects as dataclasses.

    A whole number is also a float; infinity is none. Raises TypeError, KeyError or AttributeError if the value is not
    of that type.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        types = get_type_hints(kind)
        return kind(**{name: parsed(item, types[name]) for name, item in value.items()})
    if origin is UnionType:  # such as `str | None`
        return None if value is None else parsed(value, parts[0])
    if origin is tuple and isinstance(value, list):
        kinds = parts[:1] * len(value) if parts[-1] is ... else parts
        return tuple(parsed(item, of_item) for item, of_item in zip(value, kinds, strict=True))
    if origin is Literal:
        fits = type(value) in (int, str) and value in parts
    elif kind is float:
        fits = type(value) in (int, float) and abs(value) <= sys.float_info.max
    else:
        fits = type(value) is kind and (kind is not int or abs(value) <= LARGEST)
    if not fits:
        raise TypeError
    return value
