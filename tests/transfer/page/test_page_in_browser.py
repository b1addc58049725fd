"""The page in a real browser: dropped files, a growing picture, stop, go on, another strength, slider, restored."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiny_network import tiny_mat
from transfer.files import SAMPLE_PAINTING, SAMPLE_SCENE

pytest.importorskip("gradio", reason="Gradio is not installed: make page")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is here to open the page in")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def page(tmp_path):
    """The page of a process of its own, in a browser, with a network that takes no time."""
    (tmp_path / "tiny.mat").write_bytes(tiny_mat())
    files = ["--weights", str(tmp_path / "tiny.mat"), "-o", str(tmp_path / "page")]
    words = [sys.executable, "-m", "transfer.page", "--no-browser", *files]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().split("is at ")[1].split(";")[0]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1200, "height": 900})
        opened.outside, opened.errors = [], []
        opened.on("request", lambda request: opened.outside.append(request.url))
        opened.on("console", lambda line: opened.errors.append(line.text) if line.type == "error" else None)
        opened.goto(address)
        yield opened
        browser.close()
    server.terminate()
    said, _ = server.communicate(timeout=60)
    assert "ended" in said


def until(reached, what):
    for _ in range(600):
        if reached():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def set_number(page, control, value):
    page.fill(f"#{control} input[type=number]", str(value))
    page.keyboard.press("Tab")


def test_a_picture_from_the_first_click_to_the_last(page, tmp_path):
    def text(place):
        return page.inner_text(f"#{place}")

    def step():
        found = re.search(r"Step (\d+) of", text("status"))
        return int(found[1]) if found else 0

    def shows(place, words):
        for _ in range(600):
            if words in text(place):
                return
            time.sleep(0.1)
        raise AssertionError(f"{place}: {text(place)!r}, expected {words!r}")

    def click(name):
        page.get_by_role("button", name=name, exact=True).click()

    def source(place):
        return page.locator(f"#{place} img").first.get_attribute("src")

    shows("forecast", "512 × 384 pixels · about")
    page.set_input_files("#drop-photo input", tmp_path / "tiny.mat")
    shows("input-problem", "tiny.mat is not a picture that this program reads")
    page.set_input_files("#drop-photo input", SAMPLE_SCENE)
    page.set_input_files("#drop-paintings input", SAMPLE_PAINTING)
    until(lambda: len(list((tmp_path / "page" / "inputs").glob("*.jpeg"))) == 2, "nothing was taken")
    set_number(page, "size", 160)
    shows("forecast", "160 × 120")
    page.get_by_role("button", name="More choices").click()
    page.get_by_label("Further options").fill("--iterations 400")
    page.keyboard.press("Tab")
    click("Paint")
    until(lambda: page.locator("#picture img").count(), "no picture")
    seen = set()
    until(lambda: seen.add(source("picture")) or len(seen) >= 3, "the picture does not grow")
    click("Stop")
    shows("status", "Stopped. The best picture so far")
    shows("results", "unfinished")
    click("Go on")
    until(lambda: step() > 8, "it does not go on")
    set_number(page, "strength", 0.8)
    before = step()
    click("Go on with the new strength")
    until(lambda: 0 < step() < before, "the new run does not begin")
    click("Stop")
    shows("status", "Stopped")
    shows("results", "0.8 at")
    page.get_by_role("tab", name="Before and after").click()
    until(lambda: page.locator("#slider img").count() == 2, "no slider")
    set_number(page, "size", 640)
    set_number(page, "strength", 0.1)
    page.set_input_files("#drop-record input", next(iter(sorted((tmp_path / "page").glob("*[0-9].json")))))
    until(lambda: page.input_value("#size input[type=number]") == "160", text("gallery-problem"))
    assert page.input_value("#strength input[type=number]") == "0.5"
    own = page.url.rstrip("/")
    assert not [url for url in page.outside if not url.startswith((own, "data:", "blob:"))]
    assert not page.errors
