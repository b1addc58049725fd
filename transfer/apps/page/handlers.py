"""What happens at each click on the page: each method returns the controls that change, with their new values."""

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields, replace
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from transfer.apps.masks import by_color, by_grabcut
from transfer.apps.page.folder import MOST_LISTED, style_thumbnail, thumbnail
from transfer.apps.page.runs import Run, Runs
from transfer.apps.page.settings import Settings, settings_of
from transfer.cli.outputs import Outputs
from transfer.cli.record import parsed
from vgg.errors import InputError
from vgg.tools.image import read_image, to_uint8
from vgg.tools.progress import duration

STRENGTHS = (0.25, 0.5, 0.75)  # of the three in one click
#: Of the brush, for the regions in their order.
PAINTS = {"red": (230, 40, 40), "green": (30, 170, 60), "blue": (40, 90, 230)}
THE_PHOTO = "the photo"
Changes = dict[gr.components.Component, Any]
Editor = dict[str, Any]  # what the field to paint regions in has: background, layers (H, W, 4), composite


def said_in(problem: str, *zones: str) -> Callable[[Callable[..., Changes]], Callable[..., Changes]]:
    """Return what makes a handler show an InputError in the control called `problem`, and clear that otherwise.

    The drop `zones` are emptied for the next file.
    """

    def of(handler: Callable[..., Changes]) -> Callable[..., Changes]:
        @wraps(handler)  # Gradio looks at the parameters
        def handle(self: "Handlers", *values: Any) -> Changes:  # noqa: ANN401  (what the controls hold)
            control = getattr(self.on, problem)
            emptied = dict.fromkeys(zone for name, zone in vars(self.on).items() if name in zones)
            try:
                return emptied | {control: ""} | (handler(self, *values) or {})
            except InputError as error:
                return emptied | {control: f"⚠ {plain(str(error))}"}

        return handle

    return of


class Handlers:
    """The runs behind a page. A tab of the browser has nothing of its own but what is set and selected there."""

    def __init__(self, on: SimpleNamespace, runs: Runs, digests: dict[str, str]) -> None:
        """Take the controls on the page by their names, the runs, and the networks' files by their digests."""
        self.on, self.runs, self.folder, self.digests = on, runs, runs.folder, digests
        self.downloads = Path(tempfile.mkdtemp(prefix="page-"))

    # What is dropped in.

    @said_in("input_problem", "drop_photo")
    def take_photo(self, file: str) -> Changes:
        """Take the picture to paint."""
        place = self.folder.keep(file, Path(file).name)
        return {self.on.content: place, self.on.photo: thumbnail(place), self.on.editor: editor(place)}

    @said_in("input_problem", "drop_paintings")
    def take_paintings(self, files: Sequence[str], chosen: list[str], mix: bool) -> Changes:
        """Take one painting or several."""
        taken = [self.folder.keep(file, Path(file).name) for file in files]
        return self._choose(taken, chosen, mix)

    @said_in("input_problem")
    def choose_example(self, examples: list[str], chosen: list[str], mix: bool, event: gr.SelectData) -> Changes:
        """Take one of the examples."""
        return self._choose([examples[event.index]], chosen, mix)

    def _choose(self, styles: list[str], chosen: list[str], mix: bool) -> Changes:
        styles = list(dict.fromkeys([*(chosen if mix else []), *styles]))
        return {self.on.styles: styles, self.on.paintings: [style_thumbnail(style) for style in styles]}

    @said_in("region_problem")
    def find_regions(self, content: str, value: Editor, by: str) -> Changes:
        """Paint the regions that the masks command finds: what stands out in a box around the red, or by colour."""
        image = thumbnail(content)
        if by == "color":
            return {self.on.editor: editor(content, [by_color(image, len(PAINTS)) == n for n in range(len(PAINTS))])}
        rows, columns = np.nonzero(painted(value)[0])
        if not len(rows):
            raise InputError("nothing is red yet; first paint over the thing to find, and a little around it")
        box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
        return {self.on.editor: editor(content, [by_grabcut(image, tuple(map(int, box))) == 1])}

    # Runs.

    def settings(self, *values: Any) -> Settings:  # noqa: ANN401
        """Return what is set; `values` are those of `Controls.all`, as all handlers below with `*values` get them."""
        content, styles, *choices, field, red, green, blue, further = values
        masks = zip(painted(field), (red, green, blue), strict=True)
        regions = [(self.folder.keep_image(to_uint8(255.0 * np.dstack([mask] * 3))), what)
                   for mask, what in masks if what and mask.any()]  # fmt: skip
        set_values = (content, styles, *choices, [list(region) for region in regions], further)
        names = [field.name for field in fields(Settings)]
        try:
            return parsed(dict(zip(names, set_values, strict=True)), Settings)
        except TypeError:
            raise InputError("a field is empty; look at size and strength") from None

    @said_in("forecast")
    def forecast(self, *values: Any) -> Changes:  # noqa: ANN401
        """Say how large the picture will be, how long it takes, and how much memory."""
        return {self.on.forecast: self.runs.forecast(self.settings(*values))}

    @said_in("run_problem")
    def paint(self, *values: Any) -> None:  # noqa: ANN401
        """Queue a run."""
        self.runs.add(self.settings(*values))

    @said_in("run_problem")
    def paint_three(self, *values: Any) -> None:  # noqa: ANN401
        """Queue a run for each of three strengths."""
        for strength in STRENGTHS:
            self.runs.add(replace(self.settings(*values), strength=strength))

    @said_in("run_problem")
    def stop(self) -> None:
        """Stop after this step."""
        self.runs.stop()

    @said_in("run_problem")
    def restart(self, strength: float) -> None:
        """Go on from the present picture with another strength."""
        self.runs.restart(strength)

    @said_in("run_problem")
    def go_on(self, selected: str) -> None:
        """Go on with the last run if it is unfinished, else with the selected one."""
        run = self.runs.present
        names = [run.outputs.picture.name] if run and run.state == "stopped" else []
        for outputs, settings in map(self._result, filter(None, [*names, selected])):
            if outputs.state.exists() and not (run and run.state == "running"):
                self.runs.add(settings, outputs, first=True)
                return
        raise InputError("there is no unfinished picture to go on with; press Paint")

    @said_in("run_problem")
    def repeat(self, selected: str) -> None:
        """Queue the selected run once more."""
        self.runs.add(self._result(selected)[1])

    def look(self, seen: tuple | None) -> Changes:
        """Return what is new since this tab has looked; it remembers what it has seen."""
        run, lists = self.runs.present, (self.runs.changes, self.runs.waiting)
        now = (run and run.outputs.picture.name, run and len(run.steps), run and run.state, lists)
        if seen == now:
            return {self.on.seen: now}
        changes = {self.on.seen: now, self.on.status: status(run, self.runs.waiting)}
        if run and run.steps:
            losses = [(step.step, np.log10(max(loss, 1e-30)), name) for step in run.steps for name, loss in
                      {"all": step.losses.total, **step.losses.groups}.items() if name != "tv"]  # fmt: skip
            changes[self.on.losses] = pd.DataFrame(losses, columns=["step", "loss", "of"])
            changes[self.on.picture] = to_uint8(run.image)
        if seen is None or seen[3] != lists:
            changes[self.on.results] = [self._listed(*result) for result in self.folder.results()[:MOST_LISTED]]
            if run and run.state in ("finished", "stopped"):
                changes |= self._compare(run.outputs.picture.name, THE_PHOTO)
        return changes

    # Earlier pictures.

    def _listed(self, outputs: Outputs, settings: Settings) -> tuple[np.ndarray, str]:
        """Return how a result looks, and what it is called."""
        made = outputs.picture.exists()
        unfinished = "" if made and not outputs.state.exists() else ", unfinished"
        image = thumbnail(str(outputs.picture) if made else settings.content)
        return image, f"strength {settings.strength:g}{unfinished}, {outputs.picture.stem}"

    def _result(self, name: str) -> tuple[Outputs, Settings]:
        """Return files and settings of the result whose picture has this name; raises InputError if there is none."""
        found = [result for result in self.folder.results() if result[0].picture.name == name]
        if not found:
            raise InputError("no picture is chosen; click on one below")
        return found[0]

    @said_in("gallery_problem")
    def select(self, other: str, event: gr.SelectData) -> Changes:
        """Show the result that was clicked on."""
        return self._compare(f"{event.value['caption'].rpartition(', ')[2]}.png", other)  # as `_listed` says

    @said_in("gallery_problem")
    def compare(self, name: str, other: str) -> Changes:
        """Show the selected result beside another one."""
        return self._compare(name, other)

    def _compare(self, name: str, other: str) -> Changes:
        (outputs, settings), names = self._result(name), [r[0].picture.name for r in self.folder.results()]
        others = [THE_PHOTO, *(other for other in names if other != name)]
        other = other if other in others else THE_PHOTO
        changes = {self.on.selected: name, self.on.other: gr.update(choices=others, value=other)}
        if outputs.record.exists():
            left = settings.content if other == THE_PHOTO else str(self._result(other)[0].picture)
            right = read_image(outputs.picture)
            files = [shutil.copy(file, self.downloads) for file in (outputs.picture, outputs.record)]
            changes |= {self.on.slider: (thumbnail(left, max(right.shape)), right)}
            changes |= {self.on.get_picture: files[0], self.on.get_record: files[1]}
        return changes

    @said_in("gallery_problem", "drop_record")
    def restore_dropped(self, file: str) -> Changes:
        """Set everything as it was for a record or a result."""
        settings = settings_of(self.folder.record_in(file), self.folder.find, self.digests)
        return self._set(settings)

    @said_in("gallery_problem")
    def restore_selected(self, name: str) -> Changes:
        """Set everything as it was for the selected result."""
        return self._set(self._result(name)[1])

    def _set(self, settings: Settings) -> Changes:
        content, styles, *choices, regions, further = astuple(settings)
        field = editor(content, [read_image(mask)[..., 0] > 127 for mask, _ in regions])
        words = [what for _, what in regions] + [""] * (len(PAINTS) - len(regions))
        values = [content, list(styles), *choices, field, *words, further]
        shown = {self.on.photo: thumbnail(content)} | self._choose(list(styles), [], False)
        return dict(zip(self.on.all, values, strict=True)) | shown


def editor(place: str, masks: Sequence[np.ndarray] = ()) -> Editor:
    """Return the field with a photo and regions, (H, W) bool of any size, painted in their colours."""
    image, layer = thumbnail(place), np.zeros((*thumbnail(place).shape[:2], 4), np.uint8)
    rows, columns = (np.arange(side) for side in image.shape[:2])
    for mask, color in zip(masks, PAINTS.values(), strict=False):
        fitted = mask[rows[:, None] * mask.shape[0] // len(rows), columns * mask.shape[1] // len(columns)]
        layer[fitted] = (*color, 170)  # the photo shows through
    return {"background": image, "layers": [layer] if masks else [], "composite": None}


def painted(value: Editor | None) -> list[np.ndarray]:
    """Return where each colour of the brush is, (H, W) bool; a later layer covers the earlier ones."""
    layers = [np.asarray(layer) for layer in (value or {}).get("layers") or ()]
    numbers = np.full(layers[0].shape[:2] if layers else (1, 1), -1)
    for layer in layers:
        distances = [((layer[..., :3].astype(int) - color) ** 2).sum(2) for color in PAINTS.values()]
        numbers = np.where(layer[..., 3] > 127, np.argmin(distances, 0), numbers)
    return [numbers == number for number in range(len(PAINTS))]


def status(run: Run | None, waiting: int) -> str:
    """Return in words what the present run does."""
    if run is None:
        return "Nothing is painted yet."
    last = run.steps[-1] if run.steps else None
    step = f"Step {last.step} of {run.count}, {last.size} pixels, {duration(last.left)} left." if last else "Starting …"
    words = {
        "running": step,
        "finished": f"Finished: {run.outputs.picture}",
        "stopped": f"Stopped. The best picture so far: {run.outputs.picture}" if last else "Stopped.",
    }
    more = f"{waiting} more to come." if waiting else ""
    return " ".join(filter(None, (words.get(run.state, ""), plain(run.problem), more)))


def plain(problem: str) -> str:
    """Return what is wrong without the long names that pictures have in the folder."""
    return re.sub(r"\S*/inputs/[0-9a-f]{64}\.\w+", "the picture", problem)
