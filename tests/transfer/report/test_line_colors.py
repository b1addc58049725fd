"""Lines are seen on the light and on the dark page: WCAG 2.1's contrast, worked out with its formula."""

import re

import numpy as np
import pytest

from report_record import record
from transfer.report.colors import line_color
from transfer.report.losses import lines_of
from transfer.report.markup import FOLDER


def relative_luminance(color: str) -> float:
    """As WCAG 2.1 defines it."""
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(relative_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("hue", np.linspace(0, 1, 9))
@pytest.mark.parametrize("saturation", [0.12, 0.75])
def test_every_hue_is_seen_on_both_pages(hue, saturation):
    papers = re.findall(r"--paper: (#\w{6})", (FOLDER / "style.css").read_text(encoding="utf-8"))
    assert len(papers) == 2
    for paper in papers:
        assert contrast(line_color(hue, saturation), paper) > 3.5


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_is_read_on_its_page(scheme):
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    colors = {
        name: re.findall(rf"--{name}: (#\w{{6}})", style)[scheme] for name in ("paper", "mat", "ink", "soft", "accent")
    }
    for text in ("ink", "soft", "accent"):
        for ground in ("paper", "mat"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)


def test_no_two_layers_have_one_color():
    steps = record()["steps"]
    for step in steps:
        step["layers"] = {f"{kind} relu{i}_1": 0.1 for kind in ("content", "style") for i in range(1, 6)}
    colors = [line.color for line in lines_of(steps)]
    assert len(set(colors)) == len(colors) == 12
