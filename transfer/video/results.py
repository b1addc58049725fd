"""From finished frames to the film, its record, a loop and a sheet."""

from collections.abc import Callable, Sequence

import numpy as np

from transfer.command.record import environment, write_record
from transfer.inputs.crop import cropped
from transfer.inputs.pictures import at_size
from transfer.video.audio import copy_sound
from transfer.video.frame_store import FrameStore
from transfer.video.plan import Plan
from transfer.video.preview import write_preview
from transfer.video.writing import is_folder, write_film
from vgg.image.file import write_image
from vgg.image.sheet import contact_sheet

Say = Callable[[str], None]
#: Frames on the sheet.
SHOWN = 6


def write_results(plan: Plan, store: FrameStore, count: int, say: Say, command: Sequence[str]) -> None:
    """Make the film, its record, and what else was asked for, from the frames; then delete what is needed no more."""
    written = [plan.output]
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
        write_image(plan.sheet, sheet_of(plan, store, count))
        written.append(plan.sheet)
    frames = [store.about(number) for number in range(count)]
    flickers = [frame["flicker"] for frame in frames if frame["flicker"] is not None]
    record = {
        "command": list(command),
        **(store.settings() or {}),
        **environment(),
        "fps": plan.fps,
        "flicker": float(np.mean(flickers)) if flickers else None,
        "style": float(np.mean([frame["losses"]["groups"].get("style", 0.0) for frame in frames])),
        "frames": frames,
    }
    write_record(plan.record, record)
    say(f"written: {', '.join(map(str, (*written, plan.record)))}")
    if flickers:
        say(f"flicker: {record['flicker']:.4g} (mean squared difference to the frame before, moved, in levels)")
    if not plan.keep_frames:
        store.clear(keep_frames=is_folder(plan.output))


def sheet_of(plan: Plan, store: FrameStore, count: int) -> np.ndarray:
    """Return some frames of the film above their results, uint8 RGB (H, W, 3)."""
    chosen = sorted({round(place) for place in np.linspace(0, count - 1, min(SHOWN, count))})
    inputs = {n: frame_at_size(frame, plan, []) for n, frame in enumerate(plan.film.frames()) if n in chosen}
    cells = [(f"frame {n + 1}", inputs[n]) for n in chosen] + [("", store.read(n)) for n in chosen]
    return contact_sheet(cells, len(chosen), height=200, font_size=0.5)


def frame_at_size(frame: np.ndarray, plan: Plan, remarks: list[str]) -> np.ndarray:
    """Return a frame of the film at the size of the run, uint8 (H, W, 3)."""
    return at_size("content", plan.files.content, cropped(frame, plan.first.crop), plan.first, remarks)
