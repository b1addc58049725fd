"""Loops: small, looping, as long as the film; and refused with one line where OpenCV is too old."""

import cv2
import numpy as np
import pytest

from drawn_clip import first_frames
from small_films import blocks
from vgg.errors import InputError
from vgg.tools.animation import check_loop, write_loop

ANIMATES = pytest.mark.skipif(not hasattr(cv2, "imwriteanimation"), reason="OpenCV before 4.12")
FRAMES = [frame.image for frame in first_frames(17)[:8]]


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return 10 * np.log10(255**2 / np.mean((first.astype(float) - second) ** 2))


@ANIMATES
@pytest.mark.parametrize(("ending", "fewest"), [(".webp", 28), (".gif", 28)])
def test_it_loops_and_looks_like_the_film(tmp_path, ending, fewest):
    path = tmp_path / "new" / f"a{ending}"
    write_loop(path, iter(FRAMES), 24)
    assert path.stat().st_size < 1_000_000 and [file.name for file in path.parent.iterdir()] == [path.name]
    done, animation = cv2.imreadanimation(str(path))
    assert done and animation.loop_count == 0 and len(animation.frames) == len(FRAMES)
    assert abs(sum(animation.durations) - 1000 * len(FRAMES) / 24) <= 5, "in milliseconds"
    for found, frame in zip(animation.frames, FRAMES, strict=True):
        assert psnr(found[..., 2::-1], frame) > fewest


@ANIMATES
@pytest.mark.parametrize("ending", [".webp", ".gif"])
def test_it_gets_smaller_until_it_fits(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_loop(path, FRAMES, 24)
    limit = path.stat().st_size // 3
    write_loop(path, FRAMES, 24, most_bytes=limit)
    assert path.stat().st_size <= limit
    height, width = cv2.imreadanimation(str(path))[1].frames[0].shape[:2]
    assert width < 256 and abs(height / width - 192 / 256) < 0.02
    with pytest.raises(InputError, match="expected 100 bytes at most; choose a shorter part"):
        write_loop(tmp_path / f"b{ending}", FRAMES, 24, most_bytes=100)
    assert list(tmp_path.iterdir()) == [path]


@ANIMATES
def test_a_large_film_is_shrunk_and_a_small_one_is_not(tmp_path):
    for shape, expected in (((90, 700), (41, 320)), ((48, 64), (48, 64))):
        write_loop(tmp_path / "a.webp", blocks(2, *shape), 10)
        assert cv2.imreadanimation(str(tmp_path / "a.webp"))[1].frames[0].shape[:2] == expected


def test_refused(tmp_path):
    with pytest.raises(InputError, match=r"ends in '.mp4', expected .webp or .gif"):
        check_loop(tmp_path / "a.mp4")
