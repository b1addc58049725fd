"""`--report-as`: the result's losses in another recipe's units, against that system's own formula in NumPy."""

import json
from dataclasses import replace

import numpy as np
import pytest

import second_systems
from image_files import png_of
from numpy_network import scales_of
from tiny_network import tiny_weights
from transfer import session as setup
from transfer.__main__ import main
from transfer.files import Files
from transfer.inputs import load
from transfer.recipes import DEFAULT
from transfer_command import prepare
from vgg.tools.image import read_image

#: What a normalised network is measured on here, instead of twelve larger drawings.
MEASURING = [np.random.default_rng(seed).integers(0, 256, (48, 40, 3), dtype=np.uint8) for seed in (6, 7)]
TERMS = ("total", "content", "style", "tv")


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    """The words of a run whose style has the content's size, which some formulas ask for."""
    words = prepare(tmp_path, layers=())
    y, x = np.mgrid[:48, :64]
    stripes = np.stack([250 * ((x + y) % 8 < 4), 200 * (y % 6 < 3), 40 + 2 * x], axis=-1)
    (tmp_path / "style.png").write_bytes(png_of(stripes.astype(np.uint8)))
    monkeypatch.setattr(setup, "normalizing_images", lambda: MEASURING)
    return words


def losses_by_hand(name: str, content, style, image) -> dict[str, float]:
    weights, system = tiny_weights(), second_systems.SYSTEMS[name]
    scales = scales_of(weights, MEASURING, system.pooling) if system.normalized else {}
    f, p, s = (system.maps(weights, each, scales) for each in (image, content, style))
    if system.grain:
        p = second_systems.with_grain(p, system.maps(weights, second_systems.grained(content), scales))
    terms = system.terms(f, p, s, image.astype(np.float64))
    content_sum, style_sum = sum(terms.contents), sum(terms.styles)
    return dict(zip(TERMS, (content_sum + style_sum + terms.prior, content_sum, style_sum, terms.prior), strict=True))


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize("name", second_systems.SYSTEMS)
def test_reported_losses(tmp_path, words, capfd, name):
    """Of the picture as it is in its file; a run without a margin is measured without one."""
    more = ["--recipe", "gatys2016", "--init", "content", "--iterations", "2"]
    assert main([*words, *more, "--report-as", name]) == 0
    record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    reported = record["reported_as"]
    assert list(reported) == ["recipe", *TERMS] and reported.pop("recipe") == name
    assert record["recipe"]["name"] == "gatys2016", "what was run is another matter"

    images = load(Files(*words[:2]), replace(DEFAULT, size=32))
    saved = read_image(tmp_path / "out" / "result.png")
    of_the_file = losses_by_hand(name, images.content_image, images.style_image, saved)
    for term in TERMS:
        assert reported[term] == pytest.approx(of_the_file[term], rel=2e-5)

    (line,) = (line for line in capfd.readouterr().out.splitlines() if line.startswith("in units of "))
    parts = [f"{term} {reported[term]:.4g}" for term in TERMS]
    assert line == f"in units of {name}: {'  '.join(parts)}"


def test_in_its_own_units_it_is_the_best_step(tmp_path, words):
    """With the margin that was trained, also in 16 bits; what is left is the rounding."""
    for recipe, depth, close in (("neural-style", "16", 1e-4), ("default", "16", 1e-4), ("default", "8", 0.05)):
        more = ["--recipe", recipe, "--init", "content", "--precision", "float32", "--depth", depth]
        assert main([*words, "--quiet", *more, "--report-as", recipe]) == 0
        record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
        best = min(record["steps"], key=lambda step: step["total"])
        for term in TERMS:
            assert record["reported_as"][term] == pytest.approx(best[term], rel=close), (recipe, depth, term)


def test_without_it_there_is_no_report(tmp_path, words, capfd):
    assert main(words) == 0
    assert "reported_as" not in json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert "in units of" not in capfd.readouterr().out
