"""What a download reports while it runs, and how that is shown."""

import io
import re

from web_server import BODY, fetch, ranged
from weights.download import display
from weights.download.fetch import Progress


def test_progress_and_no_target_until_the_end(serve, target, part):
    seen = []

    def report(progress):
        assert not target.exists() and part.exists()
        seen.append(progress)

    server = serve(ranged)
    fetch(server, target, report=report)
    assert 100_000 < seen[0].done <= seen[-1].done == len(BODY)
    assert {(p.total, p.url) for p in seen} == {(len(BODY), server.url)}


def shown(out, *steps, url="http://a/[b]"):
    """Show (seconds, megabytes of 100) one after the other as plain lines."""
    now = [0.0]
    show = display.plain_lines(out, clock=lambda: now[0])
    for seconds, megabytes in steps:
        now[0] = float(seconds)
        show(Progress(megabytes * 1_000_000, 100_000_000, url))
    return show


def test_plain_lines_come_every_five_seconds_or_tenth():
    out = io.StringIO()
    show = shown(out, (0, 0), (1, 5), (2, 10), (3, 15), (8, 16), (9, 17), (10, 100), (11, 100))
    show(Progress(0, None, "http://second"))
    lines = out.getvalue().splitlines()
    expected = ["from http://a/[b]", "0.0/100.0 MB", "10.0/100.0 MB", "16.0/100.0 MB", "100.0/100.0 MB"]
    assert [line.split("  ")[0] for line in lines] == [*expected, "from http://second", "0/? bytes"]


def test_rate_and_time_to_go_count_only_what_this_run_received():
    out = io.StringIO()
    # 40 MB are left of an earlier run; then 2 MB every second, so that the last 50 MB take 25 s.
    shown(out, (0, 40), *((second, 40 + 2 * second) for second in range(1, 6)))
    assert out.getvalue().splitlines()[-1] == "50.0/100.0 MB  2.0 MB/s  0:00:25"


def test_rate_forgets_the_distant_past():
    out = io.StringIO()
    slow = [(second, second) for second in range(0, 21)]  # 1 MB/s for 20 s
    fast = [(second, 20 + (second - 20) // 10) for second in range(30, 241, 10)]  # 0.1 MB/s for 220 s
    shown(out, *slow, *fast)
    assert out.getvalue().splitlines()[-1].split("  ")[1] == "100.0 kB/s"


def test_next_address_has_a_rate_of_its_own():
    out = io.StringIO()
    show = shown(out, (0, 0), (1, 10), (2, 20), (3, 30))
    show(Progress(30_000_000, 100_000_000, "http://second"))
    assert out.getvalue().splitlines()[-2:] == ["from http://second", "30.0/100.0 MB  ?  -:--:--"]


def test_bar_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    out.isatty = lambda: True
    with display.progress_display(out) as show:
        assert "connecting" in out.getvalue()
        for megabytes in (0, 25, 50):
            show(Progress(megabytes * 1_000_000, 100_000_000, "http://a/[b]"))
    assert "from http://a/[b]\n" in out.getvalue() and "━" in out.getvalue()
    assert re.search(r"receiving .*50\.0/100\.0 MB.*B/s.*\d:\d\d:\d\d", out.getvalue())
