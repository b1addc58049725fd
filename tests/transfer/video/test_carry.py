"""What a frame starts from: results carried once, found again behind what passed, and colours for what is new."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from film_figures import high
from judged_clips import Clip, clip, shifted
from transfer.apps.video.carry import filled, start_of, with_entered
from transfer.apps.video.flow import agreement, camera_motion, flow, moving, steadied, warped
from transfer.apps.video.trace import KEY, RIPE, Source, Tracer, needed_from, traced_ahead
from transfer.regions import WHOLE

RNG = np.random.default_rng(5)


def painted(content: np.ndarray) -> np.ndarray:
    """Some other image in which each place can be told from others."""
    return np.random.default_rng(int(content.sum())).integers(0, 256, content.shape, dtype=np.uint8)


def sources_of(judged: Clip, number: int) -> tuple[Source, ...]:
    """The sources of a frame of a clip."""
    *_, traced = map(Tracer().trace, judged.images[: number + 1])
    return traced.sources


def test_the_camera_is_what_most_of_the_frame_does():
    camera = np.vstack([shifted(3, -2, 1.02, 0.01), [0, 0, 1]])
    way = moving(camera, (60, 80))
    np.testing.assert_allclose(way[10, 30], camera[:2] @ [30, 10, 1] - [30, 10], rtol=1e-5)
    before = cv2.GaussianBlur(painted(np.zeros((60, 80, 3))), (0, 0), 2)
    content = warped(before, way)
    way[20:50, 10:40] = (-7, 5)  # something that moves otherwise
    np.testing.assert_allclose(camera_motion(content, before, way), camera, atol=1e-3)


@pytest.mark.parametrize("name", ["ball", "walk", "pan", "zoom", "shake"])
def test_the_camera_of_the_drawn_clips(name):
    """Within a seventh of a pixel everywhere; a tripod, exactly."""
    judged = clip(name, 6)
    content, before = judged.images[5], judged.images[4]
    found = camera_motion(content, before, flow(content, before))
    truth = np.vstack([judged.places[4][0], [0, 0, 1]]) @ np.linalg.inv(np.vstack([judged.places[5][0], [0, 0, 1]]))
    np.testing.assert_allclose(moving(found, (144, 192)), moving(truth, (144, 192)), atol=0.15)
    assert name not in ("ball", "walk") or (found == np.eye(3)).all()


def test_a_ball_does_not_drag_the_sky_along():
    judged = clip("ball", 8)
    content, before = judged.images[7], judged.images[6]
    places, seen = judged.followed(7, 6)
    truth = places - np.mgrid[:144, :192][::-1].transpose(1, 2, 0)
    backward = flow(content, before)
    steady = steadied(content, before, backward, moving(np.eye(3), (144, 192)))
    sky, ball = seen & (judged.seen[7] == 0), cv2.erode(np.uint8(judged.seen[7] == 1), np.ones((9, 9))) > 0
    errors = [np.hypot(*(found - truth).transpose(2, 0, 1)) for found in (backward, steady)]
    assert np.mean(errors[0][sky] > 1) > 0.05 and np.mean(errors[1][sky] > 1) < 0.01
    assert np.median(errors[1][ball]) < 0.5


@pytest.mark.parametrize(("off", "expected"), [(0, 1), (6, 1), (30, 0)])
def test_alike_or_not(off, expected):
    content = np.full((40, 40, 3), 100, np.uint8)
    other = content.copy()
    other[10:20, 10:20] += np.uint8(off)
    found = agreement(content, other)
    assert found[15, 15] == expected and found[:5].min() == found[30:].min() == 1


def test_at_an_edge_a_part_of_a_pixel_is_no_difference():
    content = np.repeat(np.repeat(np.uint8([[0] * 20 + [200] * 20]), 20, axis=0)[..., None], 3, axis=2)
    shifts = [
        agreement(content, warped(content, moving(np.vstack([shifted(x, 0), [0, 0, 1]]), (20, 40)))) for x in (0.2, 4)
    ]
    assert shifts[0].min() == 1 and shifts[1][10, 17] == 0 and shifts[1][10, 5] == 1


def test_another_exposure_is_no_difference():
    """A cloud before the sun, 0.8 of the light; of another picture as bright, nothing is alike."""
    content = clip("pan", 1).images[0]
    darker, other = np.uint8(0.8 * content), np.uint8(0.8 * content[::-1])
    assert agreement(darker, content).mean() > 0.98 and agreement(other, content).mean() < 0.3


def test_what_was_hidden_for_a_while_is_found_again():
    """The ball covers the middle of the sky and leaves it: its painted colours are those of the first frame."""
    judged = clip("ball", 16)
    result = painted(judged.images[0])
    passed = np.zeros((144, 192), bool)
    for seen in judged.seen[4:9]:
        passed |= seen == 1
    passed &= (judged.seen[0] == 0) & (judged.seen[15] == 0)
    sources = sources_of(judged, 15)
    _, earlier = start_of(judged.images[15], sources, [result] * len(sources))
    assert passed.sum() > 500 and earlier[..., 3][passed].mean() > 0.9
    assert np.mean(np.abs(earlier[..., :3] - result)[passed]) < 1


def test_a_result_is_resampled_once():
    """A pan by 2.6 pixels a frame: after eight most of the high frequencies are there; from frame to frame, half."""
    judged = clip("flash", 9)
    first = cv2.GaussianBlur(painted(judged.images[0]), (0, 0), 0.7)
    sources, frame_by_frame = sources_of(judged, 8), first
    _, earlier = start_of(judged.images[8], sources, [first] * len(sources))
    oldest = earlier[..., :3]
    for _ in sources:
        frame_by_frame = warped(frame_by_frame, sources[-1].backward)
    inner = np.s_[20:-20, 10:120]
    energies = [np.mean(high(image)[inner] ** 2) for image in (oldest, frame_by_frame)]
    assert energies[0] > 0.85 * np.mean(high(first)[20:-20, 30:140] ** 2) > 1.7 * energies[1]


def test_what_is_new_gets_the_colours_of_what_looks_like_it():
    """Red is painted green and blue yellow; nothing is known of the right half."""
    content, colours = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60, 4), np.float32)
    content[:20], content[20:] = (200, 30, 30), (30, 30, 200)
    colours[:20, :, :3], colours[20:, :, :3] = (20, 180, 40), (230, 220, 50)
    colours[:, :30, 3] = 1
    found = filled(content, colours)
    np.testing.assert_array_equal(found[:, :30], colours[:, :30, :3])
    assert np.abs(found[:13, 30:] - [20, 180, 40]).max() < 12 and np.abs(found[27:, 30:] - [230, 220, 50]).max() < 12
    np.testing.assert_array_equal(filled(content, np.float32(colours * [1, 1, 1, 0])), content)


def test_each_place_is_taken_from_the_oldest_frame_that_knows_it_best():
    """Four frames that stand still: nothing, half painted, done, done; and a place that only the second one knows."""
    content, still = np.full((30, 30, 3), 90, np.uint8), np.zeros((30, 30, 2), np.float32)
    ones, sources = np.ones((30, 30), np.float32), []
    results = [np.full((30, 30, 3), 50 * number, np.uint8) for number in range(4)]
    for number, (weight, times) in enumerate([(0, 3), (1, 1), (1, 3), (1, 3)]):
        weights = weight * ones
        weights[20:, 20:] = number == 1
        sources.append(Source(number, content, still, weights, np.eye(3), np.full((30, 30), times, np.uint8)))
    start, earlier = start_of(content, sources, results)
    np.testing.assert_allclose(earlier[5, 5], [100, 100, 100, 1])
    np.testing.assert_allclose(earlier[28, 28], [50, 50, 50, 1 / 3])
    np.testing.assert_array_equal(start, earlier[..., :3])


def test_what_came_in_is_painted_three_times_until_it_is_done():
    """A pan by 7.3 pixels a frame, from frame 0, which is done everywhere."""
    judged = clip("pan", 5)
    times = sources_of(judged, 4)[-1].times
    assert RIPE == 3 and np.mean(times[20:100, :160] == 3) > 0.97
    assert [int(np.median(times[20:100, x])) for x in (168, 174, 181, 189)] == [3, 3, 2, 1], "each 7.3 pixels wide"


def source(way: tuple[float, float], times: int, weight: float) -> Source:
    """A source of a frame of 10 × 20 pixels that moved as a whole."""
    backward, times = np.full((10, 20, 2), way, np.float32), np.full((10, 20), times, np.uint8)
    return Source(0, np.zeros((10, 20, 3), np.uint8), backward, np.full((10, 20), weight, np.float32), np.eye(3), times)


def test_what_came_in_has_a_style_loss_of_its_own_unless_the_user_made_regions():
    """A pan by 5 pixels; the way to the source is lost, as it is behind something, but comes from inside the frame."""
    sources = [source((5, 0), RIPE, 0)]
    whole, entered = with_entered((WHOLE,), sources)
    assert whole is WHOLE and 0 < entered.weight < 1 and entered.name != whole.name
    np.testing.assert_array_equal(entered.guide, np.tile(np.float32([0] * 15 + [1] * 5), (10, 1)))
    own = (replace(WHOLE, name="white", guide=entered.guide), replace(WHOLE, name="black", guide=1 - entered.guide))
    assert with_entered(own, sources) == own and with_entered((WHOLE,), [source((0, 0), RIPE, 0)]) == (WHOLE,)


def test_what_came_in_keeps_it_until_it_is_done():
    """A third of what the frame before shows was painted; an older one, in which all was done, shows half of it."""
    (_, entered) = with_entered((WHOLE,), [source((0, 0), 1, 1), source((10, 0), RIPE, 1)])
    np.testing.assert_allclose(entered.guide[0], [0] * 10 + [1 - 1 / RIPE] * 10, rtol=1e-6)


@pytest.mark.parametrize("done", [1, 9, 12, 24, 25, 26, 31, 40, 43, 45])
def test_gone_on_after_any_frame_the_sources_are_the_same(done):
    """A pan with a flash at frame 23; the frames before `needed_from` are not looked at."""
    judged = clip("flash", 46, 0.4)
    begin = needed_from(done, (1,))
    assert 0 <= begin <= done and begin >= done - 2 * KEY - 9
    *_, whole = map(Tracer().trace, judged.images[: done + 1])
    *_, rest = map(Tracer(number=begin).trace, judged.images[begin : done + 1])
    assert len(whole.chain) == len(rest.chain) and (whole.number, rest.number) == (done, done)
    for of_whole, of_rest in zip(whole.chain, rest.chain, strict=True):
        for name in ("number", "backward", "weights", "camera", "times"):
            np.testing.assert_array_equal(getattr(of_whole, name), getattr(of_rest, name))


def test_the_sources_of_a_long_scene_begin_anew():
    """At frame 25 those since the key frame 20, and some of the frames before it, from which it was traced."""
    sources = sources_of(clip("shake", 26, 0.4), 25)
    assert [one.number for one in sources] == [20, 21, 22, 23, 24, 10, 13, 16, 19]


def test_after_a_flash_the_frame_before_it_goes_on():
    """A flash that shows a little of the scene begins a scene, but the next frame does not go on from that."""
    judged = clip("flash", 10)
    (flash,) = (number for number, image in enumerate(judged.images) if image.mean() > 235)
    traced = list(map(Tracer().trace, judged.images))
    assert [one.number for one in traced[flash + 1].chain] == [flash - 1]
    assert traced[flash].link is None and traced[flash + 2].link is not None


def test_ahead_of_who_paints_the_frames_are_the_same_and_one_at_a_time():
    judged, read = clip("pan", 4, 0.4), []
    frames = (read.append(number) or image for number, image in enumerate(judged.images))
    ahead = traced_ahead(frames, Tracer())
    first = next(ahead)
    assert first.link is None and len(read) <= 2
    for found, expected in zip([first, *ahead], map(Tracer().trace, judged.images), strict=True):
        assert found.number == expected.number
        for one, other in zip(found.chain, expected.chain, strict=True):
            np.testing.assert_array_equal(one.backward, other.backward)


def test_an_error_in_a_frame_arrives():
    def frames():
        yield clip("pan", 1, 0.4).images[0]
        raise ValueError("cut off")

    ahead = traced_ahead(frames(), Tracer())
    assert next(ahead).number == 0
    with pytest.raises(ValueError, match="cut off"):
        next(ahead)
