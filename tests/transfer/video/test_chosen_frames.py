"""Which frames a start, an end and a step mean: against a list of when each frame is shown."""

from itertools import product

import pytest

from transfer.video.chosen import Chosen
from vgg.errors import InputError


def by_list(start: float, end: float | None, every: int, fps: int, count: int) -> list[int]:
    """Frame n is shown from n / fps to (n + 1) / fps; in whole milliseconds, so that nothing is rounded."""
    start, end = round(start * 1000), None if end is None else round(end * 1000)
    shown = [n for n in range(count) if (n + 1) * 1000 > start * fps and (end is None or n * 1000 < end * fps)]
    return shown[::every]


def test_against_a_list():
    parts = ((0, None), (0.1, None), (0.3, 0.7), (1, 2), (1.5, 99), (0.04, 0.05))
    for (start, end), every, fps in product(parts, (1, 2, 5), (24, 25, 30, 60, 7)):
        numbers = Chosen(start, end, every).numbers(fps, 70)
        assert list(numbers) == by_list(start, end, every, fps, 70), (start, end, every, fps)


def test_a_film_stays_as_long_as_it_was():
    """Each third frame of 30 per second, shown three times as long."""
    chosen = Chosen(every=3)
    assert len(chosen.numbers(30, 90)) / chosen.rate(30) == 90 / 30


def test_after_the_end_there_is_none():
    assert list(Chosen(5).numbers(10, 20)) == [] and list(Chosen(0, 1).numbers(10, 0)) == []


@pytest.mark.parametrize(
    ("chosen", "length", "words"),
    [
        (Chosen(-1), None, "--start is -1"),
        (Chosen(float("nan")), None, "--start is nan"),
        (Chosen(2, 2), None, "--end is 2 and --start 2"),
        (Chosen(0, float("nan")), None, "--end is nan"),
        (Chosen(every=0), None, "--every is 0"),
        (Chosen(9), 8.5, "only 8.5"),
    ],
)
def test_refused(chosen, length, words):
    with pytest.raises(InputError, match=words) as caught:
        chosen.check(length)
    assert "\n" not in str(caught.value)


def test_accepted():
    for chosen in (Chosen(), Chosen(2.5), Chosen(0, 0.01), Chosen(1, 99, 7)):
        chosen.check(None)
        chosen.check(3.0)
