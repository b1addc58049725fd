"""How good painted films are: `PYTHONPATH=. python tests/helpers/film_figures.py FOLDER STYLE [CLIP …] [-- OPTION …]`.

Paints the drawn clips, or a pan over a picture that is named, with the options of `python -m transfer.video`, into
FOLDER, and prints a table. FRAMES is how many frames (24), SCALE is 1 for 192 pixels.

    flicker     square levels from frame to frame, by the clip's true motion
    sharpness   energy above a quarter of the sampling frequency in the last frame, as a share of that of its scene's
                first frame, both where that frame's pixels are still seen
    new style   distance to the style of what was not seen in the scene's first frame, as a share of the rest's
    seam        steps of colour across the border of what entered, as a share of the steps elsewhere
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from judged_clips import CLIPS, Clip, clip, over_picture
from transfer.apps.video.container import write_film
from transfer.recipes import DEFAULT
from transfer.session import Session
from transfer.video import main as paint
from vgg.tools.image import read_image, resize, write_image
from vgg.tools.sheet import contact_sheet
from weights.load import load_weights

MapsOf = Callable[[np.ndarray], dict[str, np.ndarray]]  # an image (H, W, 3) → feature maps (H', W', N) by layer

#: A low-pass filter that ends at a quarter of the sampling frequency: a sinc in a Hann window of 15 pixels.
LOW = np.sinc(np.arange(-7, 8) / 2) * np.hanning(17)[1:-1]
SMALLEST_SHARE = 0.04  # of the frame, for a style distance of a part
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")


def scene_of(judged: Clip, number: int) -> int:
    """Return the number of the first frame of a frame's scene."""
    first = number
    while first and (judged.seen[first - 1] < 100).all() == (judged.seen[number] < 100).all():
        first -= 1
    return first


def flicker(judged: Clip, painted: list[np.ndarray]) -> float:
    """Return the mean square of what changes from frame to frame but for the true motion."""
    means = []
    for number in range(1, len(painted)):
        places, seen = judged.followed(number, number - 1)
        if seen.any():
            steps = np.float32(painted[number]) - moved(painted[number - 1], places)
            means.append(np.mean(steps[seen] ** 2))
    return float(np.mean(means))


def sharpness(judged: Clip, painted: list[np.ndarray]) -> float:
    """Return the high frequencies of the last frame as a share of the first one's, where the same is seen in both."""
    last = len(painted) - 1
    first = scene_of(judged, last)
    (_, seen), (_, still) = judged.followed(last, first), judged.followed(first, last)
    inner = cv2.erode(np.uint8(seen), np.ones((9, 9))) > 0, cv2.erode(np.uint8(still), np.ones((9, 9))) > 0
    energies = [np.mean(high(painted[number])[part] ** 2) for number, part in zip((last, first), inner, strict=True)]
    return float(energies[0] / energies[1])


def high(image: np.ndarray) -> np.ndarray:
    """Return what of the grey image has frequencies above a quarter of the sampling frequency, (H, W)."""
    grey = cv2.cvtColor(np.float32(image), cv2.COLOR_RGB2GRAY)
    return grey - cv2.sepFilter2D(grey, -1, LOW / LOW.sum(), LOW / LOW.sum())


def seam(judged: Clip, painted: list[np.ndarray]) -> float:
    """Return steps across the border of what entered since 1, 4 or 12 frames, as a share of the steps elsewhere.

    Only steps between pixels of the same layer count: at the edge of a thing there is a step in any case.
    """
    at_border, elsewhere = [], []
    for number in range(1, len(painted)):
        image = np.float32(painted[number])
        for ago in (1, 4, 12):
            if scene_of(judged, number) <= number - ago:
                _, seen = judged.followed(number, number - ago)
                for axis in (0, 1):
                    steps = np.abs(np.diff(image, axis=axis)).mean(axis=2)
                    same = np.diff(judged.seen[number], axis=axis) == 0
                    border = np.diff(seen.astype(int), axis=axis) != 0
                    at_border.extend(steps[same & border])
                    elsewhere.extend(steps[same & ~border][::7])
    return float(np.mean(at_border) / np.mean(elsewhere)) if at_border else float("nan")


def new_style(judged: Clip, painted: list[np.ndarray], maps_of: MapsOf, style: np.ndarray) -> float:
    """Return the style distance of what entered over that of the rest; `maps_of` an image: feature maps by layer."""
    shares, wanted = [], {layer: gram(maps) for layer, maps in maps_of(style).items()}
    for number in range(1, len(painted), 3):
        _, seen = judged.followed(number, scene_of(judged, number))
        parts = np.float32(~seen), np.float32(seen)
        if min(part.mean() for part in parts) < SMALLEST_SHARE:
            continue
        found, before = maps_of(painted[number]), maps_of(judged.images[number])
        distances = []
        for part in parts:
            part_shares = []
            for layer, maps in found.items():
                guide = cv2.resize(part, maps.shape[1::-1], interpolation=cv2.INTER_AREA)
                off = [np.sum((gram(each, guide) - wanted[layer]) ** 2) for each in (maps, before[layer])]
                part_shares.append(off[0] / off[1])
            distances.append(np.mean(part_shares))
        shares.append(distances[0] / distances[1])
    return float(np.exp(np.mean(np.log(shares)))) if shares else float("nan")


def gram(maps: np.ndarray, guide: np.ndarray | None = None) -> np.ndarray:
    """Return the Gram matrix of maps (H, W, N), or of the part that a guide (H, W) shows."""
    rows = maps.reshape(-1, maps.shape[2])
    guide = np.ones(len(rows), np.float32) if guide is None else guide.ravel()
    return (rows * guide[:, None]).T @ rows / guide.sum()


def moved(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the image at the places (H, W, 2), float32, by cubic interpolation."""
    return cv2.remap(
        np.float32(image), places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def main(words: list[str]) -> None:
    """Paint and judge."""
    cut = words.index("--") if "--" in words else len(words)
    (folder, style_file, *names), options = words[:cut], words[cut + 1 :]
    count, size = int(os.environ.get("FRAMES", 24)), float(os.environ.get("SCALE", 1))
    session = Session(load_weights(None, lambda line: None), 8e9)
    network = session.network(DEFAULT)

    def maps_of(image: np.ndarray) -> dict[str, np.ndarray]:
        return {name: maps[0].numpy() for name, maps in network(np.float32(image)[None], STYLE_LAYERS).items()}

    for name in names or CLIPS:
        judged = over_picture(read_image(name), count, size) if "." in name else clip(name, count, size)
        place, longer_side = Path(folder) / Path(name).stem, max(judged.images[0].shape)
        write_film(place.with_suffix(".mkv"), judged.images, 12)
        written = [f"{place}.mkv", style_file, "-o", str(place), "--size", str(longer_side), "--quiet", "--resume"]
        assert paint([*written, *options]) == 0
        painted = [read_image(file) for file in sorted(place.glob("*.png"))]
        figures = {
            "flicker": flicker(judged, painted),
            "sharpness": sharpness(judged, painted),
            "new style": new_style(judged, painted, maps_of, resize(read_image(style_file), longer_side)),
            "seam": seam(judged, painted),
        }
        print(f"{place.stem:12}", *(f"{what} {value:7.2f}" for what, value in figures.items()), flush=True)
        shown = [0, 1, 2, *np.linspace(4, count - 1, 4).astype(int)]
        cells = [("", judged.images[number]) for number in shown] + [(str(n + 1), painted[n]) for n in shown]
        write_image(
            place.with_name(f"{place.name}-sheet.png"), contact_sheet(cells, len(shown), judged.seen[0].shape[0])
        )


if __name__ == "__main__":
    main(sys.argv[1:])
