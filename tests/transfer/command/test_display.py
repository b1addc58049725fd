"""What the command line shows of a run, with a clock that we turn by hand, and what it says before the run."""

import io

import pytest

from transfer.cli.watchers import describe
from transfer.losses import Losses
from transfer.train import Step
from vgg.tools.progress import duration, plain_lines, steps_display


def step(number: int, left: float = 1.0, tv: float = 0.0) -> Step:
    groups = {"content": 0.25, "style": 1234.5678} | ({"tv": tv} if tv else {})
    losses = Losses(1234.8178 + tv, groups, {})
    return Step(number, number + 2, 1.0, losses, size=32, precision="float32", left=left)


def numbers_shown(steps: int, every: float) -> list[int]:
    """Which of `steps` steps, `every` seconds apart, get a line."""
    out, now = io.StringIO(), [0.0]
    show = plain_lines(out, steps, describe, clock=lambda: now[0])
    for number in range(1, steps + 1):
        now[0] += every
        show(step(number))
    lines = out.getvalue().splitlines()
    assert all(f"/{steps}  32 px  loss 1235  content 0.25  style 1235  " in line for line in lines)
    return [int(line.removeprefix("step ").split("/")[0]) for line in lines]


@pytest.mark.parametrize(
    ("steps", "every", "expected"),
    [
        (100, 0.01, [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (25, 0.01, [1, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25]),  # the first at or after each tenth
        (4, 0.01, [1, 2, 3, 4]),
        (1, 0.01, [1]),
        (12, 60, list(range(1, 13))),
        # A tenth starts the ten seconds anew, and every third step after it they are over.
        (100, 4, [1, 4, 7, *(tenth + more for tenth in range(10, 100, 10) for more in (0, 3, 6, 9)), 100]),
    ],
)
def test_plain_lines_come_at_every_tenth_and_every_ten_seconds(steps, every, expected):
    assert numbers_shown(steps, every) == expected


def test_time_left_is_shown():
    out = io.StringIO()
    plain_lines(out, 40, describe)(step(10, left=150.0))
    assert out.getvalue() == "step 10/40  32 px  loss 1235  content 0.25  style 1235  2 min 30 s left\n"


def test_without_a_description_there_is_no_gap():
    out = io.StringIO()
    plain_lines(out, 40, lambda _: "")(step(10, left=150.0))
    assert out.getvalue() == "step 10/40  2 min 30 s left\n"


def test_total_variation_is_shown_where_there_is_one():
    assert describe(step(1)) == "32 px  loss 1235  content 0.25  style 1235"
    assert describe(step(1, tv=1000.0)) == "32 px  loss 2235  content 0.25  style 1235  tv 1000"
    assert describe(step(1), verbose=False) == "32 px"


def test_a_term_of_a_new_kind_is_shown_and_content_and_style_always_are():
    new = Losses(3.0, {"temporal": 3.0}, {"temporal pixels": 3.0})
    shown = describe(Step(1, 1, 1.0, new, size=32, precision="float32", left=0.0))
    assert shown == "32 px  loss 3  content 0  style 0  temporal 3"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (75, "1 min 15 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (2 * 3600 + 5 * 60 + 59, "2 h 05 min"),
        (100 * 3600, "100 h 00 min"),
    ],
)
def test_duration(seconds, words):
    assert duration(seconds) == words


def test_a_terminal_gets_a_bar_and_a_file_gets_lines(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    for is_terminal in (True, False):
        out = io.StringIO()
        out.isatty = lambda answer=is_terminal: answer
        with steps_display(out, 4, describe) as show:
            show(step(1))
            show(step(4))
        assert ("━" in out.getvalue()) == is_terminal
        assert ("step 4/4" in out.getvalue()) != is_terminal
        assert "4/4" in out.getvalue() and "loss 1235  content 0.25" in out.getvalue()
