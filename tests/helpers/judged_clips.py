"""Clips drawn by code, by whose painted frames a film is judged; where each pixel was in any earlier frame is known.

A clip has layers from back to front, each a picture that an affine map places in a frame. So a pixel of one frame is
followed into another through its layer's own coordinates; it is *seen* there if the same layer is seen there.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

FINE = 2  # pixels that are drawn for each pixel of a frame, in each direction
HEIGHT, WIDTH = 144, 192  # for which places are written; other sizes are in proportion

Place = Callable[[int], np.ndarray]  # number of a frame → the affine map (2, 3) from a layer's picture to the frame


class Clip(NamedTuple):
    """Frames, what is seen in them, and where that is."""

    images: list[np.ndarray]  # uint8 (H, W, 3) RGB
    seen: list[np.ndarray]  # int (H, W): the number of the layer; other numbers after a cut
    places: list[list[np.ndarray]]  # of each frame and layer, (2, 3)

    def followed(self, later: int, earlier: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where each pixel of a frame is in an earlier one, float32 (H, W, 2), and whether it is seen there."""
        height, width = self.seen[later].shape
        y, x = np.mgrid[:height, :width].astype(np.float32)
        there = np.full((height, width, 2), -1e6, np.float32)
        for number, (now, then) in enumerate(zip(self.places[later], self.places[earlier], strict=True)):
            back = (np.vstack([then, [0, 0, 1]]) @ np.linalg.inv(np.vstack([now, [0, 0, 1]])))[:2]
            here = self.seen[later] == number
            there[here] = np.stack([x, y, np.ones_like(x)], axis=-1)[here] @ back.T
        inside = ((there >= 0) & (there <= [width - 1, height - 1])).all(axis=2)
        nearest = np.rint(there).astype(int).clip(0, [width - 1, height - 1])
        return there, inside & (self.seen[earlier][nearest[..., 1], nearest[..., 0]] == self.seen[later])


def shifted(x: float, y: float, scale: float = 1.0, angle: float = 0.0) -> np.ndarray:
    """Return the affine map that turns by an angle, enlarges, and shifts by x and y pixels of a frame."""
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.float64([[cosine, -sine, x], [sine, cosine, y]])


def clip(name: str, count: int = 24, size: float = 1.0) -> Clip:
    """Return one of `CLIPS`; `size` 1 is 144 × 192 pixels."""
    street, sky = _street(), _sky()
    middle = np.array([WIDTH, HEIGHT]) / 2

    def zoom(t: int) -> np.ndarray:
        scale = 1.45 * 0.988**t
        return shifted(*(middle - scale * np.array([210, 85])), scale)

    def shake(t: int) -> np.ndarray:
        return shifted(-60 + 5 * np.sin(1.1 * t), -6 + 3 * np.sin(1.7 * t + 1), 1, 0.012 * np.sin(0.7 * t))

    def pan(t: int) -> np.ndarray:
        return shifted(-9 - 7.3 * t, -4)

    def slow_pan(t: int) -> np.ndarray:
        return shifted(-9 - 2.6 * t, -4)

    still = shifted(-40, -4)
    layers: dict[str, list[tuple[np.ndarray, Place]]] = {
        "pan": [(street, pan)],
        "ball": [
            (sky, lambda t: shifted(-20, -20)),
            (_ball(), lambda t: shifted(6 + 6.5 * t, 88 - 5 * t + 0.2 * t * t)),
        ],
        "walk": [(street, lambda t: still), *_walker()],
        "zoom": [(street, zoom)],
        "shake": [(street, shake)],
        "cut": [(street, slow_pan)],
        "flash": [(street, slow_pan)],
    }
    drawn = [_composed(layers[name], t, size) for t in range(count)]
    images, seen, places = (list(part) for part in zip(*drawn, strict=True))
    if name == "cut":  # to the street upside down and in other colours
        for t in range(count // 2, count):
            turned = [(np.ascontiguousarray(street[::-1, :, [2, 0, 1, 3]]), slow_pan)]
            images[t], other, places[t] = _composed(turned, t, size)
            seen[t] = other + 100
    if name == "flash":
        images[count // 2] = np.uint8(255 - (255 - images[count // 2].astype(int)) // 8)
    return Clip(images, seen, places)


CLIPS = ("pan", "ball", "walk", "zoom", "shake", "cut", "flash")


def over_picture(picture: np.ndarray, count: int = 24, size: float = 1.0) -> Clip:
    """Return a pan and zoom over a picture, (H, W, 3) uint8 RGB, which lies."""
    scale = 1.5 * WIDTH / picture.shape[1]
    layer = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]).astype(np.float32) / [1, 1, 1, 255]

    def place(t: int) -> np.ndarray:
        return shifted(-2.2 * t, -6 - 0.8 * t, scale * 1.006**t)

    drawn = [_composed([(np.float32(layer), place)], t, size) for t in range(count)]
    return Clip(*(list(part) for part in zip(*drawn, strict=True)))


def _composed(layers: list[tuple[np.ndarray, Place]], t: int, size: float) -> tuple:
    height, width = round(size * HEIGHT), round(size * WIDTH)
    fine = np.zeros((FINE * height, FINE * width, 3), np.float32)
    seen, places = np.zeros((height, width), int), []
    for number, (picture, place) in enumerate(layers):
        matrix = size * place(t)
        to_fine = FINE * matrix
        to_fine[:, 2] += (FINE - 1) / 2  # a pixel of a frame is centred between fine ones
        moved = cv2.warpAffine(picture, to_fine, fine.shape[1::-1])
        fine = fine * (1 - moved[..., 3:]) + moved[..., :3]
        seen[cv2.resize(moved[..., 3], (width, height), interpolation=cv2.INTER_AREA) > 0.5] = number
        places.append(matrix)
    image = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.rint(image).clip(0, 255).astype(np.uint8), seen, places


def _sky(height: int = 400, width: int = 700) -> np.ndarray:
    """Return a sky with a slight gradient and nothing in it, float32 (H, W, 4)."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    picture = (1 - down) * np.float32([120, 165, 225]) + down * np.float32([190, 210, 235])
    return np.dstack([np.broadcast_to(picture, (height, width, 3)), np.ones((height, width), np.float32)])


def _street(height: int = 170, width: int = 700) -> np.ndarray:
    """Return a row of houses with windows below a plain sky, float32 (H, W, 4)."""
    rng, picture = np.random.default_rng(4), np.ascontiguousarray(_sky(height, width))
    left = -10
    while left < width:
        wide, top = int(rng.integers(34, 62)), int(rng.integers(38, 78))
        wall = rng.uniform([120, 80, 60], [235, 190, 150])
        cv2.fillPoly(picture, [np.int32([[left, top], [left + wide // 2, top - 20], [left + wide, top]])],
                     (*map(float, wall * 0.55), 1.0), cv2.LINE_AA)  # fmt: skip
        cv2.rectangle(picture, (left, top), (left + wide, 140), (*map(float, wall), 1.0), -1)
        for y in range(top + 8, 126, 20):
            for x in range(left + 7, left + wide - 10, 14):
                cv2.rectangle(picture, (x, y), (x + 7, y + 11), (40.0, 45.0, 70.0, 1.0), -1)
                cv2.rectangle(picture, (x, y), (x + 7, y + 11), (230.0, 225.0, 210.0, 1.0), 1)
        left += wide
    ground = rng.normal(105, 10, (height - 140, width, 1)).astype(np.float32)
    picture[140:, :, :3] = cv2.GaussianBlur(ground, (0, 0), 1)[..., None] + np.float32([10, 5, 0])
    return picture


def _ball(radius: int = 15) -> np.ndarray:
    picture = np.zeros((8 * radius, 8 * radius, 4), np.float32)
    centre = (4 * radius, 4 * radius)
    cv2.circle(picture, centre, 4 * radius - 8, (205.0, 40.0, 40.0, 1.0), -1, cv2.LINE_AA)
    cv2.ellipse(picture, centre, (4 * radius - 8, radius), 30, 0, 360, (245.0, 240.0, 225.0, 1.0), -1, cv2.LINE_AA)
    return cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)


def _walker() -> list[tuple[np.ndarray, Place]]:
    """Return a figure of two legs, a body and a head that walks to the right."""

    def bar(width: int, height: int, colour: tuple[int, int, int], roundness: float = 0.5) -> np.ndarray:
        picture = np.zeros((height, width, 4), np.float32)
        picture[:] = (*colour, 1.0)
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        return np.float32(picture * (abs(x) ** 4 + abs(y) ** (2 / roundness) <= 1)[..., None])

    def leg(phase: float) -> Place:
        def place(t: int) -> np.ndarray:
            swing = shifted(22 + 4.6 * t, 94, 1, 0.5 * np.sin(0.9 * t + phase))
            swing[:, 2] -= swing[:, :2] @ np.array([5, 3])  # it hangs from the middle of its upper edge
            return swing

        return place

    body = (bar(20, 44, (70, 110, 60)), lambda t: shifted(12 + 4.6 * t, 56 + np.sin(1.8 * t)))
    head = (bar(15, 17, (225, 180, 150), 1.0), lambda t: shifted(15 + 4.6 * t, 40 + np.sin(1.8 * t)))
    legs = [(bar(10, 42, (50, 50, 90)), leg(phase)) for phase in (0.0, np.pi)]
    return [*legs, body, head]
