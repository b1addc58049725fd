"""`--report-as`: the result's losses in another recipe's units, against that system's own formula in NumPy."""

import json
from dataclasses import replace

import numpy as np
import pytest

import second_systems
from image_files import png_of
from numpy_network import mirrored, scales_of
from tiny_network import tiny_weights
from transfer import session as setup
from transfer.__main__ import main
from transfer.command import save
from transfer.inputs.files import Files
from transfer.inputs.pictures import load
from transfer.recipe.ours import DEFAULT
from transfer_command import prepare
from vgg.image.file import read_image

#: What a normalised network is measured on here, instead of twelve larger drawings.
MEASURING = [np.random.default_rng(seed).integers(0, 256, (48, 40, 3), dtype=np.uint8) for seed in (6, 7)]
TERMS = ("total", "content", "style", "tv")


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    """The words of a run whose style has the content's size, which some formulas ask for."""
    words = prepare(tmp_path)
    y, x = np.mgrid[:48, :64]
    stripes = np.stack([250 * ((x + y) % 8 < 4), 200 * (y % 6 < 3), 40 + 2 * x], axis=-1)
    (tmp_path / "style.png").write_bytes(png_of(stripes.astype(np.uint8)))
    monkeypatch.setattr(setup, "normalizing_pictures", lambda: MEASURING)
    return words


@pytest.fixture
def written(monkeypatch) -> list[np.ndarray]:
    """The pictures handed over for writing, before they are rounded to whole levels."""
    images, write = [], save.write_image
    monkeypatch.setattr(
        save, "write_image", lambda path, image, *more: images.append(image) or write(path, image, *more)
    )
    return images


def losses_by_hand(name: str, content, style, image) -> dict[str, float]:
    weights, system = tiny_weights(), second_systems.SYSTEMS[name]
    scales = scales_of(weights, MEASURING, system.pooling) if system.normalized else {}
    margin = min(system.margin, *(side - 1 for each in (content, style) for side in each.shape[:2]))
    image, content, style = (mirrored(each, margin) for each in (image, content, style))
    f, p, s = (system.maps(weights, each, scales) for each in (image, content, style))
    if system.grain:
        p = second_systems.with_grain(p, system.maps(weights, second_systems.grained(content), scales))
    terms = system.terms(f, p, s, image.astype(np.float64))
    content_sum, style_sum = sum(terms.contents), sum(terms.styles)
    return dict(zip(TERMS, (content_sum + style_sum + terms.prior, content_sum, style_sum, terms.prior), strict=True))


@pytest.mark.parametrize("name", second_systems.SYSTEMS)
def test_reported_losses(tmp_path, words, written, capfd, name):
    assert main([*words, "--report-as", name]) == 0
    record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    reported = record["reported_as"]
    assert list(reported) == ["recipe", *TERMS] and reported.pop("recipe") == name
    assert record["recipe"]["name"] == "default", "what was run is another matter"

    (image,) = written
    pictures = load(Files(*words[:2]), replace(DEFAULT, size=32))
    exactly = losses_by_hand(name, pictures.content_image, pictures.style_image, image)
    for term in TERMS:
        assert reported[term] == pytest.approx(exactly[term], rel=2e-5)
    saved = read_image(tmp_path / "out" / "result.png")
    of_the_file = losses_by_hand(name, pictures.content_image, pictures.style_image, saved)
    for term in TERMS:
        assert reported[term] == pytest.approx(of_the_file[term], rel=0.1), "but for rounding to whole levels"

    (line,) = (line for line in capfd.readouterr().out.splitlines() if line.startswith("in units of "))
    parts = [f"{term} {reported[term]:.4g}" for term in TERMS]
    assert line == f"in units of {name}: {'  '.join(parts)}"


def test_in_its_own_units_it_is_the_best_step(tmp_path, words):
    """Same network, same pictures: the lowest total of the run."""
    recipe = ["--recipe", "neural-style", "--init", "content", "--precision", "float32"]
    assert main([*words, "--quiet", *recipe, "--report-as", "neural-style"]) == 0
    record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    best = min(record["steps"], key=lambda step: step["total"])
    for term in TERMS:
        assert record["reported_as"][term] == pytest.approx(best[term], rel=1e-5)


def test_without_it_there_is_no_report(tmp_path, words, capfd):
    assert main(words) == 0
    assert "reported_as" not in json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert "in units of" not in capfd.readouterr().out
