"""What `draw` promises: bytes that depend on its numbers only, kinds that can be told apart, nothing blank."""

from itertools import product

import cv2
import numpy as np
import pytest

from weights.drawings import draw
from weights.drawings.kinds import SUBJECTS, TEXTURES, TREATMENTS

KINDS, DRAWS = 24, 2


@pytest.fixture(scope="module")
def pictures():
    """(KINDS, DRAWS, 96, 96, 3) bytes."""
    return np.array([[draw(kind, number, 96) for number in range(DRAWS)] for kind in range(KINDS)])


def test_what_they_are(pictures):
    assert pictures.dtype == np.uint8
    assert draw(0, 0).shape == (320, 320, 3)
    assert draw(1, 0, 65).shape == (65, 65, 3)


def test_the_same_numbers_give_the_same_bytes_whatever_was_drawn_before(pictures):
    for kind in reversed(range(0, KINDS, 3)):
        np.testing.assert_array_equal(draw(kind, DRAWS - 1, 96), pictures[kind, DRAWS - 1])


def test_every_number_counts(pictures):
    assert len({picture.tobytes() for picture in pictures.reshape(-1, 96 * 96 * 3)}) == KINDS * DRAWS
    assert not np.array_equal(draw(3, 0, 96, seed=1), pictures[3, 0])


def description(picture):
    """Return what little a kind has to keep: means and deviations of colour, and the power of four octaves."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    power = np.abs(np.fft.fft2(lab[..., 0] - lab[..., 0].mean())) ** 2
    cycles = np.abs(np.fft.fftfreq(len(lab), 1 / len(lab)))
    radius = np.hypot(cycles[:, None], cycles)
    octaves = [np.log(power[(radius >= low) & (radius < 2 * low)].mean() + 1) for low in (2, 5, 11, 23)]
    return np.concatenate([lab.mean((0, 1)), lab.std((0, 1)), octaves])


def test_kinds_differ_more_than_draws_of_one_kind(pictures):
    described = np.array([[description(picture) for picture in draws] for draws in pictures])
    described = described / described.std((0, 1))
    distance = np.linalg.norm(described[:, :1, None] - described[None, None, :, 1:].mean(3), axis=-1)[:, 0]
    own = np.diag(distance)
    assert np.median(own) < 0.4 * np.median(distance)
    nearest = (distance.argmin(1) == np.arange(KINDS)).mean()
    assert nearest > 0.7  # by chance: 0.04


def test_nothing_is_blank(pictures):
    grey = pictures.astype(float).mean(-1)
    assert (grey.std((2, 3)) > 2).all()
    assert 70 < grey.mean() < 160
    assert np.median(grey.std((2, 3))) > 25


def test_colours_are_mostly_muted_as_in_photographs(pictures):
    # Mean chroma of the photographs and paintings in CIELAB that people bring: 10 to 30; uniform RGB noise has 55.
    lab = cv2.cvtColor(pictures.reshape(-1, 96, 3).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    chroma = np.hypot(lab[..., 1], lab[..., 2]).reshape(KINDS * DRAWS, -1).mean(1)
    assert 8 < np.median(chroma) < 25
    assert chroma.max() > 25


def test_every_family_fills_pictures_of_any_size():
    for family, number in product(TEXTURES | SUBJECTS, range(3)):
        program = family(np.random.default_rng(number))
        for size in (48, 97):
            picture = program(np.random.default_rng(size), size)
            assert picture.shape == (size, size, 3)
            assert picture.dtype == np.float32
            assert picture.min() >= -0.01
            assert picture.max() <= 1.5  # too bright is clipped at the end
        assert picture.std() > 0.005


def test_a_treatment_shows_its_subject():
    y, x = np.mgrid[0:128, 0:128]
    shown = np.where((np.hypot(x - 64, y - 64) < 40)[..., None], 0.15, 0.85) * np.ones(3)
    inside, outside = np.hypot(x - 64, y - 64) < 30, np.hypot(x - 64, y - 64) > 50
    for treatment, number in product(filter(None, TREATMENTS), range(4)):
        rng = np.random.default_rng(number)
        grey = treatment(rng, lambda *_: shown.astype(np.float32))(rng, 128).mean(-1)
        edge = grey[~inside & ~outside]
        seen = grey[outside].mean() - grey[inside].mean()  # the tone of the disc, or at least its outline
        assert seen > 0.15 or np.median(grey) - edge.min() > 0.15
