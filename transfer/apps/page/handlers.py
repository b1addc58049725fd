"""What happens at each click on the page: each method returns the controls that change, with their new values."""

import os
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
from transfer.apps.page.folder import style_thumbnail, thumbnail
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
LOSSES = {"all": "both", "content": "from the photo", "style": "from the painting"}
#: What is called otherwise in messages of the command line.
ON_PAGE = {"--style-blend": "Shares", "style scale": "size of the brush strokes", "--init": "the start"}
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
        self.downloads = Path(tempfile.mkdtemp(dir=os.environ.get("GRADIO_TEMP_DIR")))

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
        found = by_grabcut(image, tuple(map(int, box))) == 1
        said = "Found. Paint over what is missing, rub out what is too much, and say below what it gets."
        return {self.on.editor: editor(content, [found]), self.on.region_problem: said}

    # Runs.

    def settings(self, *values: Any) -> Settings:  # noqa: ANN401
        """Return what is set; `values` are of the controls `on.all`, as for all handlers with `*values`."""
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
    def stop(self) -> Changes:
        """Stop after this step, and forget what waits."""
        self.runs.stop()
        run = self.runs.present
        return {self.on.run_problem: "Stopping after this step …"} if run and run.state == "running" else {}

    @said_in("run_problem")
    def restart(self, strength: float) -> None:
        """Go on from the present picture with another strength."""
        self.runs.restart(strength)

    @said_in("run_problem")
    def go_on(self, selected: str) -> None:
        """Go on with the selected picture."""
        outputs, settings = self._result(selected)
        if not outputs.state.exists():
            raise InputError("the picture that is chosen below is finished; choose an unfinished one, or press Paint")
        if any(run.outputs == outputs and run.state in ("waiting", "running") for run in self.runs.queue):
            raise InputError("the picture that is chosen below is being painted")
        self.runs.add(settings, outputs, first=True)

    @said_in("run_problem")
    def repeat(self, selected: str) -> None:
        """Queue the selected run once more."""
        self.runs.add(self._result(selected)[1])

    def look(self, seen: tuple | None, selected: str) -> Changes:
        """Return what is new since this tab has looked; it remembers what it has seen."""
        run, lists = self.runs.present, (self.runs.changes, len(self.runs.queue))
        now = (run and run.outputs.picture.name, run and len(run.steps), run and run.state, lists)
        if seen == now:
            return {self.on.seen: now}
        changes = {self.on.seen: now, self.on.status: status(self.runs.queue)}
        if run and run.steps:
            losses = [(step.step, np.log10(max(loss, 1e-30)), LOSSES[name]) for step in run.steps for name, loss in
                      {"all": step.losses.total, **step.losses.groups}.items() if name in LOSSES]  # fmt: skip
            changes[self.on.losses] = pd.DataFrame(losses, columns=["step", "loss", "distance"])
            changes[self.on.picture] = to_uint8(run.image)
        if seen is None or seen[2:] != now[2:]:
            if run and run.state != "running" and run.outputs.picture.exists():
                selected, changes[self.on.run_problem] = run.outputs.picture.name, ""
            changes |= self._show(selected, THE_PHOTO)
        return changes

    # Earlier pictures.

    def _result(self, name: str) -> tuple[Outputs, Settings]:
        """Return files and settings of the result whose picture has this name; raises InputError if there is none."""
        found = [result for result in self.folder.results() if result[0].picture.name == name]
        if not found:
            raise InputError("no picture is chosen; click on one below")
        return found[0]

    @said_in("gallery_problem")
    def select(self, names: list[str], other: str, event: gr.SelectData) -> Changes:
        """Show the result that was clicked on."""
        return self._show(names[event.index], other) | {self.on.tabs: gr.update(selected="compared")}

    @said_in("gallery_problem")
    def compare(self, name: str, other: str) -> Changes:
        """Show the selected result beside another one."""
        return self._show(name, other)

    def _show(self, name: str, other: str) -> Changes:
        """Return the gallery, in which the result called `name` is framed, and that beside the photo or another one."""
        results = {outputs.picture.name: (outputs, settings) for outputs, settings in self.folder.results()}
        titles = {of: title(*result) for of, result in results.items()}
        name = name if name in titles else next(iter(titles), "")
        others = [(THE_PHOTO, THE_PHOTO), *((title, of) for of, title in titles.items() if of != name)]
        other = other if other in titles and other != name else THE_PHOTO
        images = [(thumbnail(str(outputs.picture) if outputs.picture.exists() else settings.content), titles[of])
                  for of, (outputs, settings) in results.items()]  # fmt: skip
        chosen = list(titles).index(name) if name else None
        changes = {self.on.results: gr.update(value=images, selected_index=chosen), self.on.names: list(titles)}
        changes |= {self.on.selected: name, self.on.other: gr.update(choices=others, value=other)}
        if name and results[name][0].record.exists():
            outputs, settings = results[name]
            left = settings.content if other == THE_PHOTO else str(results[other][0].picture)
            right = read_image(outputs.picture)
            label = f"Pull the line: on the right {titles[name]}"
            changes[self.on.slider] = gr.update(value=(thumbnail(left, max(right.shape)), right), label=label)
            files = [shutil.copy(file, self.downloads) for file in (outputs.picture, outputs.record)]
            changes |= dict(zip((self.on.get_picture, self.on.get_record), files, strict=True))
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
        shown[self.on.gallery_problem] = "Everything above is set as it was; press Paint."
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


def title(outputs: Outputs, settings: Settings) -> str:
    """Return what a result is called on the page, such as `0.5 at 21:28:34`, the strength and the time."""
    moment = re.fullmatch(r"(\d{4}-\d\d-\d\d)-(\d\d)(\d\d)(\d\d)(.*)", outputs.picture.stem)
    when = f"{':'.join(moment.groups()[1:4])}{moment[5]}" if moment else outputs.picture.stem
    return f"{settings.strength:g} at {when}{', unfinished' if outputs.state.exists() else ''}"


def status(queue: Sequence[Run]) -> str:
    """Return in words what the first of these runs does, or has done last, and how many wait."""
    if not queue:
        return "Nothing is painted yet."
    run, last = queue[0], queue[0].steps[-1] if queue[0].steps else None
    step = f"Step {last.step} of {run.count}, {last.size} pixels, {duration(last.left)} left." if last else ""
    words = {
        "running": step or "Starting: the network is prepared for these pictures …",
        "finished": f"Finished: {run.outputs.picture}",
        "stopped": f"Stopped. The best picture so far: {run.outputs.picture}" if last else "Stopped.",
    }
    more = f"{len(queue) - 1} more to come." if len(queue) > 1 else ""
    return " ".join(filter(None, (words.get(run.state, ""), plain(run.problem), more)))


def plain(problem: str) -> str:
    """Return what is wrong in the page's words, without the long names that pictures have in the folder."""
    problem = re.sub(r"\S*/inputs/[0-9a-f]{64}\.\w+", "the picture", problem.removeprefix("transfer: argument "))
    for option, control in ON_PAGE.items():
        problem = problem.replace(option, control)
    return problem
