"""From finished frames to the film, its record, a loop and a sheet."""

from collections.abc import Callable, Sequence

import numpy as np

from transfer.command.record import environment, write_record
from transfer.video.audio import copy_sound
from transfer.video.plan import Plan, frames_at_size
from transfer.video.preview import write_preview
from transfer.video.writing import is_folder, write_film
from vgg.files import file_digest
from vgg.image.file import write_image
from vgg.image.sheet import contact_sheet

Say = Callable[[str], None]
#: Frames on the sheet.
SHOWN = 6


def write_results(plan: Plan, count: int, say: Say, command: Sequence[str]) -> None:
    """Make the film, its record, and what else was asked for, from the frames; then delete what is needed no more."""
    store, written = plan.store, [plan.output]
    if not is_folder(plan.output):
        write_film(plan.output, (store.read(number) for number in range(count)), plan.fps)
        if plan.sound:
            line = copy_sound(plan.film.path, plan.output, plan.film.chosen.start, count / plan.fps)
            if line:
                say(line)
    if plan.loop:
        write_preview(plan.loop, (store.read(number) for number in range(count)), plan.fps)
        written.append(plan.loop)
    if plan.sheet:
        write_image(plan.sheet, sheet_of(plan, count))
        written.append(plan.sheet)
    frames = [store.about(number) for number in range(count)]
    flickers = [frame["flicker"] for frame in frames if frame["flicker"] is not None]
    digests = {path.name: file_digest(path, "sha256") for path in written if path.is_file()}
    record = {
        "command": list(command),
        **store.settings(),
        **environment(),
        "fps": plan.fps,
        "flicker": float(np.mean(flickers)) if flickers else None,
        "style": float(np.mean([frame["losses"]["groups"].get("style", 0.0) for frame in frames])),
        "frames": frames,
        "written": store.made.get("written", {}) | digests,  # the next film of this name replaces nothing else
    }
    write_record(plan.record, record)
    say(f"written: {', '.join(map(str, (*written, plan.record)))}")
    if flickers:
        say(f"flicker: {record['flicker']:.4g} (mean squared difference to the frame before, moved, in levels)")
    if not plan.keep_frames:
        store.clear(keep_frames=is_folder(plan.output))


def sheet_of(plan: Plan, count: int) -> np.ndarray:
    """Return some frames of the film above their results, uint8 RGB (H, W, 3)."""
    chosen = sorted({round(place) for place in np.linspace(0, count - 1, min(SHOWN, count))})
    inputs = {n: frame for n, frame in enumerate(frames_at_size(plan.film, plan.first)) if n in chosen}
    cells = [(f"frame {n + 1}", inputs[n]) for n in chosen] + [("", plan.store.read(n)) for n in chosen]
    return contact_sheet(cells, len(chosen), height=200, font_size=0.5)
