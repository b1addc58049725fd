"""`--report`: the page beside the picture, its place checked before the run."""

import hashlib
import json
import re

import pytest

from transfer.__main__ import main
from transfer_command import prepare, refused
from vgg.errors import typed
from web_page import decoded, plot_in, read_page, require_self_contained


def test_the_page_shows_the_picture_that_was_written(tmp_path, capfd):
    words = prepare(tmp_path)
    assert main([*words, "--size", "48", "--scales", "32", "--report"]) == 0
    out = tmp_path / "out"
    files = [out / name for name in ("result.png", "result.json", "result-report.html")]
    assert capfd.readouterr().out.splitlines()[-1] == f"written: {', '.join(map(str, files))}"
    record = json.loads(files[1].read_text(encoding="utf-8"))
    tree = read_page(files[2].read_text(encoding="utf-8"))
    require_self_contained(tree)
    pixels = decoded(tree.all("img")[0])
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == record["result"]["pixels_sha256"]
    shown = tree.text()
    for digest in (record["content"]["pixels_sha256"], record["weights"]["sha256"], record["result"]["sha256"]):
        assert digest in shown
    assert typed("transfer", "--from", str(files[1]), "-o", "NEW.png") in shown
    assert re.findall(r"\d+ px", plot_in(tree)) == ["32 px", "48 px"]


def test_a_run_is_repeated_with_a_report(tmp_path):
    assert main([*prepare(tmp_path), "--quiet"]) == 0
    again = tmp_path / "again.png"
    assert main(["--from", str(tmp_path / "out" / "result.json"), "-o", str(again), "--report", "--quiet"]) == 0
    assert (tmp_path / "again-report.html").exists() and not (tmp_path / "out" / "result-report.html").exists()


@pytest.mark.parametrize("wanted", [True, False])
def test_a_place_that_cannot_be_written_is_refused_before_the_run(tmp_path, capfd, wanted):
    words = [*prepare(tmp_path), "--iterations", "1"]
    (tmp_path / "out" / "result-report.html").mkdir(parents=True)
    if wanted:
        assert "result-report.html is a folder" in refused([*words, "--report"], capfd, tmp_path)
    else:
        assert main([*words, "--quiet"]) == 0
