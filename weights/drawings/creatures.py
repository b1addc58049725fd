"""Heads of animals and people, and whole animals, many of a kind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from weights.drawings.canvas import (
    CIRCLE,
    Frame,
    Program,
    Rng,
    coordinates,
    fill,
    frame,
    from_bytes,
    lab,
    log_uniform,
    mix,
    outline,
    palette,
    to_bytes,
    trace,
    varied,
)
from weights.drawings.scenes import gradient, landscape, light_from, shade

# Heads of furry animals, between cat, dog, bear and owl: ears, eyes, muzzle, whiskers and hairs.
#
# Positions are in the head's own frame: its centre is (0, 0), its radius 1, y points down.

HAIRS = 900
DARK = np.array([0.06, 0.04, 0.04])


@dataclass(frozen=True)
class Animal:
    """What one animal looks like."""

    coat: np.ndarray
    marks: np.ndarray  # the colour of its stripes and muzzle
    stripes: int
    hair: float  # how long its hairs are
    iris: np.ndarray
    slit: bool  # whether its pupils are upright slits
    eye: float  # radius
    eye_gap: float
    ears: str
    wide: float
    whiskers: int


def choose_animal(rng: Rng) -> Animal:
    """Return an animal, in the colours that fur has."""
    return Animal(
        coat=lab(rng.uniform(12, 88), rng.uniform(2, 35), rng.uniform(50, 85)),
        marks=lab(rng.uniform(8, 95), rng.uniform(2, 25), rng.uniform(50, 85)),
        stripes=int(rng.integers(0, 9)),
        hair=rng.uniform(0.1, 0.25),
        iris=lab(rng.uniform(30, 75), rng.uniform(15, 60), rng.choice([65, 85, 130, 250])),
        slit=rng.random() < 0.5,
        eye=rng.uniform(0.1, 0.22),
        eye_gap=rng.uniform(0.32, 0.48),
        ears=str(rng.choice(["pointed", "round", "hanging"])),
        wide=rng.uniform(0.85, 1.2),
        whiskers=int(rng.choice([0, 5])),
    )


def furry_head(rng: Rng) -> Program:
    """One animal; a draw changes its place, the tilt of its head and the single hairs."""
    animal, ground, large = choose_animal(rng), gradient(rng), rng.uniform(0.2, 0.42)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board, radius = to_bytes(ground(draw, size)), large * size
        at = frame(draw.uniform([0.35, 0.4], [0.65, 0.6]) * size, radius, draw.normal(0, 0.15))
        fill(board, at(CIRCLE * [1.15 * animal.wide, 1.5] + [0, 1.6]), animal.coat * 0.75)
        for side in (-1, 1):
            _ear(board, at, animal, side)
        fill(board, at(CIRCLE * [animal.wide, 0.95]), animal.coat)
        _fur(draw, board, at, animal, radius)
        for side in (-1, 1):
            _animal_eye(board, at, animal, side)
        _muzzle(draw, board, at, animal, radius)
        return from_bytes(board)

    return picture


def _ear(board: np.ndarray, at: Frame, animal: Animal, side: int) -> None:
    """Draw an ear and its paler inside; `side` is -1 on the left, 1 on the right."""
    if animal.ears == "pointed":
        shape = np.array([[0.25, -0.75], [0.8, -1.6], [1.0, -0.4]])
    elif animal.ears == "round":
        shape = CIRCLE * 0.38 + [0.75, -0.8]
    else:
        shape = CIRCLE * [0.3, 0.65] + [1.0, -0.1]
    fill(board, at(shape * [side, 1]), animal.coat * 0.85)
    middle = shape.mean(0)
    fill(board, at((middle + 0.6 * (shape - middle)) * [side, 1]), animal.coat * 0.6 + [0.15, 0.08, 0.08])


def _fur(rng: Rng, board: np.ndarray, at: Frame, animal: Animal, radius: float) -> None:
    """Draw hairs from the rim to the nose; marks are stripes around the head and a muzzle."""
    angle = rng.uniform(0, 2 * np.pi, HAIRS)
    far = np.sort(np.sqrt(rng.uniform(0, 1.05, HAIRS)))[::-1]
    x, y = animal.wide * far * np.cos(angle), 0.95 * far * np.sin(angle)
    stripe = np.clip(2 * np.sin(animal.stripes * angle) - 0.6, 0, 1) * (far > 0.45)
    muzzle = np.exp(-(x**2 + (y - 0.45) ** 2) / 0.09)
    paints = animal.coat + (animal.marks - animal.coat) * np.clip(stripe + muzzle, 0, 1)[:, None]
    out = angle + rng.normal(0, 0.2, HAIRS)
    along = np.linspace(0, animal.hair, 4)
    hairs = np.stack([x[:, None] + np.cos(out)[:, None] * along, y[:, None] + np.sin(out)[:, None] * along], -1)
    hairs[..., 1] += along**2 / animal.hair * 0.3  # hairs hang a little
    for hair, paint in zip(hairs, varied(rng, paints, 0.07), strict=True):
        trace(board, at(hair), paint, 0.02 * radius)


def _animal_eye(board: np.ndarray, at: Frame, animal: Animal, side: int) -> None:
    """Draw an eye with its dark rim, iris, pupil and a highlight."""
    middle = [side * animal.eye_gap * animal.wide, -0.1]
    pupil = [0.25, 0.85] if animal.slit else [0.55, 0.55]
    fill(board, at(middle + CIRCLE * animal.eye * [1.25, 1.15]), DARK)
    fill(board, at(middle + CIRCLE * animal.eye), animal.iris)
    fill(board, at(middle + CIRCLE * animal.eye * pupil), DARK / 3)
    fill(board, at(middle + animal.eye * (0.18 * CIRCLE - 0.3)), np.ones(3))


def _muzzle(rng: Rng, board: np.ndarray, at: Frame, animal: Animal, radius: float) -> None:
    """Draw the nose, the mouth and the whiskers."""
    fill(board, at([[-0.14, 0.28], [0.14, 0.28], [0, 0.43]]), lab(28, 15, 30))
    turn = np.linspace(0, 0.9 * np.pi, 9)
    lip = np.stack([0.13 - 0.13 * np.cos(turn), 0.5 + 0.1 * np.sin(turn)], 1)
    for side in (-1, 1):
        trace(board, at(lip * [side, 1]), DARK, 0.025 * radius)
        for _ in range(animal.whiskers):
            start, end = np.array([0.22, 0.45 + rng.normal(0, 0.05)]), np.array([1.15, 0.45]) + rng.normal(0, 0.2, 2)
            whisker = np.stack([start, (start + end) / 2 - [0, 0.06], end]) * [side, 1]
            trace(board, at(whisker), np.clip(animal.marks + 0.3, 0, 1), 1)


# Heads and shoulders of people: a shaded oval with eyes, brows, nose, mouth and hair before a soft ground.
#
# Positions are in the head's own frame: its centre is (0, 0), half its height is 1, y points down.


@dataclass(frozen=True)
class Person:
    """What one person looks like."""

    skin: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    lips: np.ndarray
    coat: np.ndarray
    narrow: float  # the width of the face over its height
    hair_length: float  # 0: to the ears, 1: to the shoulders
    hair_volume: float
    eye_opening: float
    smile: float
    contour: bool  # whether the face has a drawn outline


def choose_person(rng: Rng) -> Person:
    """Return a person, in the colours that skin and hair have."""
    skin = rng.uniform(35, 82)
    return Person(
        skin=lab(skin, rng.uniform(14, 32), rng.uniform(45, 70)),
        hair=lab(min(rng.choice([6, 15, 30, 60, 85]), skin + 10), rng.uniform(2, 35), rng.uniform(50, 80)),
        iris=lab(rng.uniform(12, 55), rng.uniform(5, 25), rng.choice([60, 140, 250])),
        lips=lab(0.35 * skin + 25, rng.uniform(20, 45), 30),
        coat=palette(rng)[rng.integers(3)],
        narrow=rng.uniform(0.66, 0.85),
        hair_length=rng.uniform(0, 1.3),
        hair_volume=rng.uniform(0.06, 0.3),
        eye_opening=rng.uniform(0.25, 0.55),
        smile=rng.uniform(-0.05, 0.09),
        contour=rng.random() < 0.3,
    )


def portrait(rng: Rng) -> Program:
    """One person in one light; a draw changes the pose, the place and the single hairs."""
    person, ground, light, large = choose_person(rng), gradient(rng), light_from(rng), rng.uniform(0.2, 0.44)

    def picture(draw: Rng, size: int) -> np.ndarray:
        radius = large * size * draw.uniform(0.9, 1.1)
        at = frame(draw.uniform([0.38, 0.38], [0.62, 0.52]) * size, radius, draw.normal(0, 0.12))
        board = to_bytes(ground(draw, size))
        _bust(board, at, person)
        board = to_bytes(_face(from_bytes(board), at, person, light))
        for side in (-1, 1):
            _human_eye(draw, board, at, radius, person, side)
        _nose_and_mouth(board, at, radius, person)
        _hair(draw, board, at, radius, person)
        return from_bytes(board)

    return picture


def _bust(board: np.ndarray, at: Frame, person: Person) -> None:
    """Draw what is behind the face: the back of the hair, shoulders, neck and ears."""
    back = CIRCLE * [person.narrow + person.hair_volume, 1 + person.hair_volume]
    below = back[:, 1:] > 0
    fill(board, at(np.where(below, back * [1, person.hair_length + 0.3], back)), person.hair * 0.7)
    left = np.array([[-0.3, 1.15], [-0.9, 1.45], [-1.5, 1.8], [-1.7, 6]])
    fill(board, at(np.vstack([left, left[::-1] * [-1, 1]])), person.coat)
    fill(board, at([[-0.32, 0.6], [0.32, 0.6], [0.36, 1.2], [0, 1.4], [-0.36, 1.2]]), person.skin * 0.75)
    for side in (-1, 1):
        fill(board, at(CIRCLE * [0.1, 0.2] + [side * (person.narrow + 0.02), 0.05]), person.skin * 0.8)


def _face(image: np.ndarray, at: Frame, person: Person, light: np.ndarray) -> np.ndarray:
    """Return the image with the face: an egg in side light, with red cheeks and the shadow of the nose."""
    x, y = coordinates(len(image))
    middle, right = at([[0, 0], [1, 0]])
    right = right - middle
    radius2 = right @ right
    u = ((x - middle[0]) * right[0] + (y - middle[1]) * right[1]) / radius2 / person.narrow
    v = ((y - middle[1]) * right[0] - (x - middle[0]) * right[1]) / radius2
    u = u * (1 + 0.12 * v)  # the chin is narrower than the brow
    bright, highlight = shade(0.85 * u, 0.85 * v, light, 0.15)
    cheeks = 0.25 * np.exp(-((np.abs(u) - 0.5) ** 2 + (v - 0.35) ** 2) / 0.05)
    shadow = 0.15 * np.exp(-(((u - 0.12) / 0.08) ** 2) - ((v - 0.15) / 0.25) ** 2)
    skin = person.skin + (person.lips - person.skin) * cheeks[..., None]
    skin = skin * (bright * (1 - shadow))[..., None] + highlight[..., None]
    return mix(image, skin, np.clip((1 - np.hypot(u, v)) * np.sqrt(radius2) * person.narrow, 0, 1))


def _human_eye(rng: Rng, board: np.ndarray, at: Frame, radius: float, person: Person, side: int) -> None:
    """Draw an eye with its lid and brow; `side` is -1 on the left, 1 on the right."""
    middle = np.array([side * 0.42 * person.narrow, -0.08])
    gaze = middle + rng.normal(0, 0.012, 2)
    fill(
        board, at(middle + CIRCLE * [0.17, 0.17 * person.eye_opening]), np.array([0.93, 0.92, 0.9]) * person.skin.max()
    )
    fill(board, at(gaze + CIRCLE * 0.085 * min(1, 2 * person.eye_opening + 0.1)), person.iris)
    fill(board, at(gaze + CIRCLE * 0.045), np.full(3, 0.02))
    fill(board, at(gaze - 0.03 + CIRCLE * 0.018), np.ones(3))
    x = np.linspace(-0.19, 0.19, 12)
    arch = np.cos(8 * x)
    trace(board, at(middle + np.stack([x, -0.18 * person.eye_opening * arch], 1)), person.skin * 0.2, 0.03 * radius)
    trace(board, at(middle + np.stack([1.1 * x, -0.2 - 0.06 * arch], 1)), person.hair * 0.8, 0.055 * radius)


def _nose_and_mouth(board: np.ndarray, at: Frame, radius: float, person: Person) -> None:
    """Draw the nose's edge, the lips and, where the person has one, the outline of the face."""
    trace(board, at([[0.06, -0.05], [0.11, 0.28], [0.02, 0.34], [-0.09, 0.31]]), person.skin * 0.5, 0.02 * radius)
    across = np.linspace(-1, 1, 15)
    middle = np.stack([0.32 * person.narrow * across, 0.58 - person.smile * across**2], 1)
    full = np.stack([0 * across, np.cos(1.5 * across)], 1)
    fill(board, at(np.vstack([middle - 0.055 * full, (middle + 0.085 * full)[::-1]])), person.lips)
    trace(board, at(middle), person.skin * 0.25, 0.02 * radius)
    if person.contour:
        trace(board, at(np.vstack([CIRCLE, CIRCLE[:1]]) * [person.narrow, 1]), person.skin * 0.2, 0.03 * radius)


def _hair(rng: Rng, board: np.ndarray, at: Frame, radius: float, person: Person) -> None:
    """Draw strands from the parting over the crown; those that reach the temples hang down from there."""
    count = int(np.clip(2.5 * radius, 60, 260))
    parting = rng.uniform(-0.25, 0.25)
    for paint in varied(rng, np.repeat(person.hair[None], count, 0), 0.09):
        side, out = rng.choice([-1, 1]), 0.88 + rng.random() * (0.12 + person.hair_volume)
        turn = np.linspace(0, rng.uniform(0.5, 1) * (np.pi / 2 + 0.35 * person.hair_length), 10)
        wide = side * out * (person.narrow + 0.04)
        strand = np.stack([wide * np.sin(turn) + parting * np.cos(turn), -out * np.cos(turn)], 1)
        if turn[-1] > 1.4:
            fall = person.hair_length * np.array([[0.3], [0.6], [0.9]])
            strand = np.vstack([strand, strand[-1] + fall * [0.05 * side, 1]])
        trace(board, at(strand + rng.normal(0, 0.015, strand.shape)), paint, 0.025 * radius)


# Whole animals, many of a kind: fishes, birds, and four-legged ones on a meadow.

Creature = Callable[[Rng, np.ndarray, Frame, float], None]  # draws one on a board, in a frame, of a radius in pixels


def swarm(rng: Rng) -> Program:
    """Fishes or birds of one kind, in about the same direction, in water or air."""
    colours, ground, large = palette(rng), gradient(rng), log_uniform(rng, 12, 70)
    one = (_fish, _bird)[rng.integers(2)](rng, colours)
    heading = rng.normal(0, 0.6)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(ground(draw, size))
        for _ in range(int(np.clip(0.5 * (size / large) ** 2, 3, 60))):
            radius = large * draw.uniform(0.6, 1.3)
            one(draw, board, frame(draw.uniform(0, size, 2), radius, heading + draw.normal(0, 0.25)), radius)
        return from_bytes(board)

    return picture


def herd(rng: Rng) -> Program:
    """One to six four-legged animals of one kind in a landscape; those in front are larger and lower."""
    ground, one, count, large = landscape(rng), _four_legged(rng), int(rng.integers(1, 7)), rng.uniform(0.08, 0.2)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(ground(draw, size))
        for near in np.sort(draw.uniform(0.5, 1, count)):
            radius = large * size * (2 * near - 0.4)
            side = draw.choice([-1, 1])
            at = frame(np.array([draw.uniform(0.1, 0.9), 0.15 + 0.65 * near]) * size, radius, draw.normal(0, 0.04))
            one(draw, board, lambda xy, at=at, side=side: at(np.asarray(xy) * [side, 1]), radius)
        return from_bytes(board)

    return picture


def _fish(rng: Rng, colours: np.ndarray) -> Creature:
    narrow, stripes = rng.uniform(0.25, 0.6), int(rng.integers(0, 6))

    def one(draw: Rng, board: np.ndarray, at: Frame, radius: float) -> None:
        body, fin = varied(draw, colours[[1, 2]], 0.06)
        fill(board, at([[-0.6, 0], [-1.1, 0.4], [-1.0, 0], [-1.1, -0.4]]), fin)
        fill(board, at([[0.2, -0.7 * narrow], [-0.3, -1.2 * narrow], [-0.4, -0.5 * narrow]]), fin)
        fill(board, at(CIRCLE * [0.8, 0.8 * narrow]), body)
        for x in np.linspace(-0.5, 0.4, stripes):
            trace(board, at([[x, -0.55 * narrow], [x - 0.06, 0.55 * narrow]]), fin * 0.7, 0.05 * radius)
        fill(board, at(0.09 * CIRCLE + [0.55, -0.12 * narrow]), np.ones(3))
        fill(board, at(0.05 * CIRCLE + [0.57, -0.12 * narrow]), np.zeros(3))

    return one


def _bird(rng: Rng, colours: np.ndarray) -> Creature:
    span, sweep = rng.uniform(0.7, 1.3), rng.uniform(0.1, 0.6)

    def one(draw: Rng, board: np.ndarray, at: Frame, radius: float) -> None:
        body, feathers = varied(draw, colours[[1, 2]], 0.06)
        beat = draw.uniform(0.5, 1)
        for side in (-1, 1):
            wing = [[0.3, 0], [0.35 - sweep, 0.6], [-sweep, span], [-0.1 - sweep, 0.7 * span], [-0.3, 0]]
            fill(board, at(np.array(wing) * [1, side * beat]), feathers * (1 if side > 0 else 0.8))
        fill(board, at([[-0.6, 0], [-0.95, 0.18], [-0.95, -0.18]]), feathers)
        fill(board, at(0.75 * outline(draw, "leaf", 0.28, 5)), body)
        fill(board, at(0.13 * CIRCLE + [0.6, 0]), body)
        fill(board, at([[0.7, 0.05], [0.85, 0], [0.7, -0.05]]), lab(70, 50, 75))

    return one


def _four_legged(rng: Rng) -> Creature:
    """Choose a horse, cow, dog or something between them, seen from the side."""
    coat = lab(rng.uniform(10, 85), rng.uniform(2, 35), rng.uniform(50, 80))
    marks = lab(rng.uniform(10, 95), rng.uniform(2, 15), 70)
    legs, stout, neck, raised = rng.uniform(0.5, 1), rng.uniform(0.3, 0.5), rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.9)
    head, spots, tail = rng.uniform(0.18, 0.28), int(rng.choice([0, 6])), rng.uniform(0.3, 0.9)

    def one(draw: Rng, board: np.ndarray, at: Frame, radius: float) -> None:
        thick = 0.18 * radius
        for x, light in ((-0.55, 0.7), (0.5, 0.7), (-0.7, 1), (0.62, 1)):
            foot = x + draw.normal(0, 0.08)
            trace(board, at([[x, 0.1], [(x + foot) / 2 + 0.04, legs / 2], [foot, legs]]), coat * light, thick)
        trace(board, at([[-0.85, -0.1], [-1.05, 0.1 * tail], [-1.1, tail]]), coat * 0.7, 0.4 * thick)
        chin = np.array([0.75 + neck * np.cos(raised), -0.1 - neck * np.sin(raised)])
        throat, nape = chin + np.array([[0.1, 0.12], [-0.1, -0.15]])
        fill(board, at([[0.45, -0.8 * stout], [0.85, 0.1], throat, nape]), coat)
        fill(board, at(CIRCLE * [0.9, stout]), coat)
        for _ in range(spots):
            fill(board, at(draw.uniform([-0.6, -0.15], [0.6, 0.1]) + 0.17 * outline(draw, "blob", 1, 5)), marks)
        fill(board, at(chin + [0.12, 0.03] + CIRCLE * [1.5 * head, head]), coat)
        fill(board, at(chin + np.array([[-0.1, -0.8 * head], [-0.05, -2 * head], [0.1, -0.8 * head]])), coat * 0.8)
        fill(board, at(chin + [0.15, -0.04] + 0.035 * CIRCLE), np.zeros(3))

    return one
