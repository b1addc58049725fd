"""What a download reports while it runs, and how that is shown."""

import io

from web_server import BODY, fetch, ranged
from weights.download import display
from weights.download.progress import Meter, Progress


def test_progress_and_no_target_until_the_end(serve, target, part):
    seen = []

    def report(progress):
        assert not target.exists() and part.exists()
        seen.append(progress)

    server = serve(ranged)
    fetch(server, target, report=report)
    assert 100_000 < seen[0].done <= seen[-1].done == len(BODY)
    assert {(p.total, p.url) for p in seen} == {(len(BODY), server.url)}


def test_rate_and_eta():
    now, seen = [0.0], []
    meter = Meter(seen.append, "url", 1_000, 11_000, clock=lambda: now[0])
    # 100 bytes per second for 10 s, then 500 per second for 10 s: the rate forgets the first half.
    for second in range(1, 21):
        now[0] = float(second)
        meter.advance(1_000 + 100 * min(second, 10) + 500 * max(second - 10, 0))
    assert [seen[0].rate, seen[9].rate, seen[19].rate] == [100, 100, 500]
    assert seen[9].eta == (11_000 - 2_000) / 100
    meter.advance(7_500)
    assert len(seen) == 20, "too soon for another report"
    meter.advance(7_500, final=True)
    assert len(seen) == 21


def test_plain_lines_come_every_five_seconds_or_tenth():
    now, out = [0.0], io.StringIO()
    show = display.plain_lines(out, clock=lambda: now[0])
    for seconds, share in [(0, 0), (1, 5), (2, 10), (3, 15), (8, 16), (9, 17), (10, 100), (11, 100)]:
        now[0] = seconds
        show(Progress(share * 1_000_000, 100_000_000, 2e6, 75.0, "http://a/[b]"))
    show(Progress(0, None, 0.0, None, "http://second"))
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["from", "0", "10", "16", "100", "from", "0.0"]
    assert lines[2] == "10 %  10.0 of 100.0 MB  2.0 MB/s  1 min 15 s left"


def test_bar_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    out.isatty = lambda: True
    with display.progress_display(out) as show:
        show(Progress(50_000_000, 100_000_000, 2e6, 25.0, "http://a/[b]"))
    assert "from http://a/[b]\n" in out.getvalue() and "━" in out.getvalue()
    assert "50 %  50.0 of 100.0 MB  2.0 MB/s  25 s left" in out.getvalue()
