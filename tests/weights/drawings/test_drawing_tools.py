"""The tools: fields, colours, directions, outlines and light do what their names say."""

import cv2
import numpy as np
import pytest

from weights.drawings.canvas import (
    NAMES,
    along_levels,
    colour_by,
    coordinates,
    fill,
    follow,
    fractal,
    frame,
    from_angle,
    lab,
    look_up,
    orientation,
    outline,
    palette,
    slopes,
    smooth,
    spread,
    trace,
    varied,
)
from weights.drawings.patterns import smear


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def octave_powers(field):
    power = np.abs(np.fft.fft2(field * np.outer(*[np.hanning(len(field))] * 2))) ** 2
    cycles = np.abs(np.fft.fftfreq(len(field), 1 / len(field)))
    radius = np.hypot(cycles[:, None], cycles)
    return np.array([power[(radius >= low) & (radius < 2 * low)].mean() for low in (4, 8, 16, 32)])


def test_fields_are_standard_and_as_coarse_as_asked(rng):
    for field in (smooth(rng, 100, 4), fractal(rng, 100, 4)):
        assert field.dtype == np.float32
        assert abs(field.mean()) < 1e-4
        assert abs(field.std() - 1) < 1e-3
    turns = [np.abs(np.diff(smooth(rng, 200, blobs), axis=1)).mean() for blobs in (3, 6, 12, 24)]
    assert np.all(np.diff(np.log2(turns)) > 0.5)  # twice the blobs: about twice the slope


def test_fractal_noise_falls_as_photographs_do(rng):
    # The power of photographs is about 1/f²: -2 an octave. Half the amplitude an octave is 1/f⁴.
    for gain, fall in ((1, -2), (0.5, -4)):
        powers = np.mean([octave_powers(fractal(rng, 256, 2, 7, gain)) for _ in range(8)], axis=0)
        assert np.diff(np.log2(powers))[1:].mean() == pytest.approx(fall, abs=0.7)


def test_spread_fills_zero_to_one(rng):
    field = spread(1000 * smooth(rng, 100, 5) + 7)
    assert (field.min(), field.max()) == (0, 1)
    assert 0.3 < field.mean() < 0.7


def test_slopes_are_derivatives():
    x, y = coordinates(40)
    dx, dy = slopes(3 * x - 2 * y, 1)
    np.testing.assert_allclose(dx[10:30, 10:30], 3, rtol=1e-4)
    np.testing.assert_allclose(dy[10:30, 10:30], -2, rtol=1e-4)


def test_look_up_takes_x_from_columns():
    x, y = coordinates(20)
    picture = 100 * y + x
    assert look_up(picture, np.full((1, 1), 5.5), np.full((1, 1), 3.0))[0, 0] == pytest.approx(305.5)


def test_lab_has_the_lightness_chroma_and_hue_it_is_asked_for():
    colour = cv2.cvtColor(lab(60, 30, 120)[None, None], cv2.COLOR_RGB2LAB)[0, 0]
    assert colour[0] == pytest.approx(60, abs=0.5)
    assert np.hypot(*colour[1:]) == pytest.approx(30, abs=1)
    assert np.degrees(np.arctan2(colour[2], colour[1])) == pytest.approx(120, abs=2)


def test_palettes_reach_from_dark_to_light(rng):
    palettes = [palette(rng) for _ in range(100)]
    assert {len(colours) for colours in palettes} == {3, 4, 5, 6, 7}
    for colours in palettes:
        assert colours.dtype == np.float32
        assert ((colours >= 0) & (colours <= 1)).all()
    assert np.median([np.ptp(colours.mean(1)) for colours in palettes]) > 0.4


def test_colour_by_mixes_or_steps():
    colours = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 1]], np.float32)
    tone = np.array([[0, 0.25, 0.5, 1]])
    np.testing.assert_allclose(colour_by(tone, colours)[0], [[0, 0, 0], [0.5, 0, 0], [1, 0, 0], [1, 1, 1]], atol=3e-3)
    assert {tuple(colour) for colour in colour_by(np.linspace(0, 1, 50), colours, steps=True)} == {
        tuple(colour) for colour in colours
    }


def test_varied_colours_stay_near(rng):
    changed = varied(rng, np.full((2000, 3), 0.5, np.float32), 0.05)
    assert changed.mean() == pytest.approx(0.5, abs=0.01)
    assert changed.mean(1).std() == pytest.approx(0.05, rel=0.15)
    np.testing.assert_array_equal(varied(rng, changed, 0), changed)


def test_direction_fields_are_unit_vectors():
    for number in range(12):
        rng = np.random.default_rng(number)
        field = orientation(rng)(rng, 60)
        assert field.shape == (60, 60, 2)
        np.testing.assert_allclose(np.linalg.norm(field, axis=-1), 1, atol=1e-4)


def test_a_path_along_the_levels_of_a_cone_is_a_circle():
    x, y = coordinates(101)
    paths = follow(along_levels(np.hypot(x - 50, y - 50), 1), np.array([[80.0, 50.0]]), 0.5, 360, np.zeros(1))
    radii = np.linalg.norm(paths[0] - 50, axis=1)
    np.testing.assert_allclose(radii, 30, atol=2)
    assert np.ptp(paths[0], axis=0) == pytest.approx([60, 60], abs=5)  # all the way round, never back


def test_a_path_does_not_turn_back_where_the_field_changes_its_sign():
    field = from_angle(np.where(np.arange(50) % 10 < 5, 0, np.pi) * np.ones((50, 1)))
    path = follow(field, np.array([[2.0, 25.0]]), 1, 40, np.zeros(1))[0]
    assert path[-1, 0] == pytest.approx(42, abs=1e-3)


def test_smeared_noise_is_smooth_along_the_flow_only(rng):
    noise = rng.standard_normal((100, 100)).astype(np.float32)
    lines = smear(noise, from_angle(np.zeros((100, 100))), 8, 1)
    along, across = (np.abs(np.diff(lines, axis=axis)).mean() for axis in (1, 0))
    assert along < 0.5 * across


@pytest.mark.parametrize("name", NAMES)
def test_outlines_fill_the_unit_circle_but_not_more(name, rng):
    for corners in range(3, 8):
        shape = outline(rng, name, 0.6, corners)
        assert 0.7 < np.linalg.norm(shape, axis=1).max() < 1.15
        board = np.zeros((60, 60), np.uint8)
        fill(board, frame(np.array([30, 30]), 28, 0.4)(shape), np.ones(1))
        assert 0.03 < (board > 127).mean() < 0.8


def test_a_frame_enlarges_turns_and_moves():
    at = frame(np.array([10, 20]), 5, np.pi / 2)
    np.testing.assert_allclose(at([[1, 0], [0, 1]]), [[10, 25], [5, 20]], atol=1e-9)


def test_lines_and_forms_have_smooth_edges_in_their_colour():
    board = np.zeros((40, 40, 3), np.uint8)
    trace(board, np.array([[5.3, 5.1], [34.2, 19.7]]), np.array([1, 0.5, 0]), 3)
    assert tuple(board[12, 19]) == (255, 128, 0)
    assert len(np.unique(board[..., 0])) > 10
    assert (board[..., 2] == 0).all()
