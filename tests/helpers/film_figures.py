"""How good painted films are: `PYTHONPATH=. python tests/helpers/film_figures.py FOLDER STYLE [CLIP …] [-- OPTION …]`.

Paints the drawn clips, or a pan over a picture that is named, with the options of `python -m transfer.video`, into
FOLDER, and prints a table. FRAMES is how many frames (24), SCALE is 1 for 192 pixels.

    flicker     square levels from frame to frame, by the clip's true motion
    sharpness   energy above a quarter of the sampling frequency in the last frame, as a share of that of its scene's
                first frame, both where that frame's pixels are still seen
    new style   distance to the style of what was not seen in the scene's first frame, as a share of the rest's
    of alone    the same as a share of what the frame has there as a picture by itself
    seam        steps of colour across the border of what entered, as a share of the steps elsewhere
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from judged_clips import CLIPS, Clip, clip, over_picture
from transfer.apps.video.container import write_film
from transfer.inputs import Images
from transfer.recipes import DEFAULT
from transfer.session import Job, Session
from transfer.video import main as paint
from vgg.tools.image import read_image, resize, write_image
from vgg.tools.sheet import contact_sheet
from weights.load import load_weights

Distances = Callable[[np.ndarray, np.ndarray, Sequence[np.ndarray]], list[float]]
MapsOf = Callable[[np.ndarray], dict[str, np.ndarray]]  # an image (H, W, 3) → feature maps (H', W', N) by layer

#: A low-pass filter that ends at a quarter of the sampling frequency: a sinc in a Hann window of 15 pixels.
LOW = np.sinc(np.arange(-7, 8) / 2) * np.hanning(17)[1:-1]
SMOOTH = 8  # levels
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
        cut_or_flash = np.abs(judged.images[number].mean() - judged.images[number - 1].mean()) > 2 * SMOOTH
        if seen.any() and not cut_or_flash:
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

    Only steps where the clip itself is smooth count: at the edge of a thing there is a step in any case.
    """
    at_border, elsewhere = [], []
    for number in range(1, len(painted)):
        image = np.float32(painted[number])
        for ago in (1, 4, 12):
            if scene_of(judged, number) <= number - ago:
                _, seen = judged.followed(number, number - ago)
                for axis in (0, 1):
                    steps = np.abs(np.diff(image, axis=axis)).mean(axis=2)
                    of_clip = np.abs(np.diff(np.float32(judged.images[number]), axis=axis)).max(axis=2)
                    same = (np.diff(judged.seen[number], axis=axis) == 0) & (of_clip < SMOOTH)
                    border = np.diff(seen.astype(int), axis=axis) != 0
                    at_border.extend(steps[same & border])
                    elsewhere.extend(steps[same & ~border][::7])
    return float(np.mean(at_border) / np.mean(elsewhere)) if at_border else float("nan")


def new_style(judged: Clip, painted: list[np.ndarray], distances: Distances, alone: Callable) -> tuple[float, float]:
    """Return the style distance of what was not seen at first over that of the rest, and over that of pictures alone.

    `distances` takes an image, its content and parts, `alone` a content: what it becomes as a picture by itself.
    """
    of_rest, of_alone = [], []
    for number in np.linspace(1, len(painted) - 1, 5).astype(int):
        _, seen = judged.followed(number, scene_of(judged, number))
        parts, content = (np.float32(~seen), np.float32(seen)), judged.images[number]
        if min(part.mean() for part in parts) >= SMALLEST_SHARE:
            new, rest = distances(painted[number], content, parts)
            of_rest.append(new / rest)
            of_alone.append(new / distances(alone(content), content, parts)[0])
    return tuple(float(np.exp(np.mean(np.log(shares)))) if shares else float("nan") for shares in (of_rest, of_alone))


def style_distances(maps_of: MapsOf, style: np.ndarray) -> Distances:
    """Return what gives the style distances of parts of an image, as shares of the content image's."""
    wanted = {layer: gram(maps) for layer, maps in maps_of(style).items()}

    def distances(image: np.ndarray, content: np.ndarray, parts: Sequence[np.ndarray]) -> list[float]:
        found, before = maps_of(image), maps_of(content)

        def off(maps: np.ndarray, layer: str, part: np.ndarray) -> float:
            guide = cv2.resize(part, maps.shape[1::-1], interpolation=cv2.INTER_AREA)
            return float(np.sum((gram(maps, guide) - wanted[layer]) ** 2))

        return [
            np.mean([off(found[layer], layer, part) / off(before[layer], layer, part) for layer in found])
            for part in parts
        ]

    return distances


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
    weights = options[options.index("--weights") + 1] if "--weights" in options else None
    session = Session(load_weights(weights, lambda line: None), 8e9)
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
        style = resize(read_image(style_file), longer_side)

        def alone(content: np.ndarray, style: np.ndarray = style) -> np.ndarray:
            return session.run(Job(DEFAULT, Images(np.float32(content), (np.float32(style),), None, None))).image

        of_rest, of_alone = new_style(judged, painted, style_distances(maps_of, style), alone)
        figures = {
            "flicker": flicker(judged, painted),
            "sharpness": sharpness(judged, painted),
            "new style": of_rest,
            "of alone": of_alone,
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
