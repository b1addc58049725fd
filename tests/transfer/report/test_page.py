"""The page about a run: well-formed, on its own, true to the pixels, and deaf to what names may hold."""

import base64
import hashlib
import re

import numpy as np
import pytest

from report_record import record
from transfer.report.page import MOST_LOSSLESS, page
from vgg.tools.web import FOLDER
from web_page import decoded, pictures_in, read_page, require_self_contained

HOSTILE = "<script>alert(1)</script> \"'&amp; --> \udcff\0.png"
SHOWN = "<script>alert(1)</script> \"'&amp; --> ��.png"


@pytest.fixture
def pictures(image) -> list[tuple[str, np.ndarray]]:
    smooth = np.stack(np.mgrid[:40, :50][::-1], axis=-1) * 4
    return [("content", image), ("style", np.concatenate([smooth, smooth[..., :1]], axis=-1).astype(np.uint8))]


@pytest.fixture
def result(image) -> np.ndarray:
    """No number of it lies in the middle of two whole ones, where there are several ways to round."""
    return 0.9 * image.astype(np.float32) + 0.04


def test_nothing_is_loaded_and_the_policy_forbids_it(pictures, result):
    tree = read_page(page(record(), pictures, result, "again"))
    require_self_contained(tree)
    policy = next(meta for meta in tree.all("meta") if meta.attributes.get("http-equiv"))["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    (script,) = tree.all("script")
    digest = base64.b64encode(hashlib.sha256(script.text().encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"  # a browser runs it only then
    assert rules["style-src"] == "'unsafe-inline'"


def test_whoever_cannot_see_it_can_read_it(pictures, result):
    tree = read_page(page(record(), pictures, result, "again"))
    assert tree.all("html")[0]["lang"] == "en"
    assert [heading.text() for heading in tree.all("h1")] == ["result.png"]
    assert all(image["alt"] for image in tree.all("img"))
    (slider,) = tree.all("input")
    assert slider["type"] == "range" and slider["aria-label"]
    for table in tree.all("table"):
        for row in table.all("tbody")[0].all("tr"):
            assert row.all("th")[0]["scope"] == "row"


def test_a_small_result_is_there_to_the_last_bit(pictures, result):
    after, before, *row = pictures_in(read_page(page(record(), pictures, result, "again")))
    assert after["src"].startswith("data:image/png")
    np.testing.assert_array_equal(decoded(after), np.floor(result + 0.5).astype(np.uint8))
    assert before["src"].startswith("data:image/jpeg") and decoded(before).shape == (37, 45, 3)
    assert [decoded(image).shape for image in row] == [(37, 45, 3), (40, 50, 3), (37, 45, 3)]
    np.testing.assert_allclose(decoded(row[1]).astype(int), pictures[1][1], atol=12)  # JPEG, of a smooth picture


def test_a_large_result_is_there_as_jpeg_and_the_page_says_so(pictures):
    side = int(MOST_LOSSLESS**0.5)
    large = np.zeros((side, side + 1, 3), np.uint8) + np.uint8([200, 80, 20])
    text = page(record(), pictures, large, "again")
    after = pictures_in(read_page(text))[0]
    assert after["src"].startswith("data:image/jpeg") and "as JPEG" in text
    np.testing.assert_allclose(decoded(after)[::50, ::50].astype(int), large[::50, ::50], atol=3)


def test_a_huge_result_is_shrunk_and_the_page_says_so(pictures):
    text = page(record(), pictures, np.full((100, 4096, 3), 90, np.uint8), "again")
    assert decoded(pictures_in(read_page(text))[0]).shape == (50, 2048, 3)
    assert "shrunk to 2048 × 50 pixels" in text


def test_names_are_shown_and_never_obeyed(pictures, result):
    odd = record()
    odd["result"]["file"] = HOSTILE.replace("/", "")
    odd["content"]["file"] = odd["style"]["file"] = HOSTILE.replace("/", "")
    odd["recipe"]["name"] = odd["stopped"] = odd["command"][3] = odd["weights"]["kind"] = HOSTILE
    odd["inputs"] = {HOSTILE: {"path": HOSTILE, "bytes": 3, "sha256": HOSTILE}}
    odd["regions"] = [{"name": HOSTILE, "weight": 1.0, "shares": [1.0], "guides_sha256": {HOSTILE: HOSTILE}}]
    odd[HOSTILE] = {HOSTILE: HOSTILE}
    for step in (*odd["steps"], odd["losses"]):
        step["layers"] = {f"style {HOSTILE}": 0.5, HOSTILE: 0.1}
    text = page(odd, [*pictures, (HOSTILE, result)], result, HOSTILE)
    text.encode("utf-8")
    assert "\0" not in text
    tree, plain = read_page(text), read_page(page(record(), pictures, result, "again"))
    assert len(tree.all("script")) == 1 and tree.all("script")[0].text() == plain.all("script")[0].text()
    require_self_contained(tree)
    shown = tree.text()
    assert shown.count(SHOWN) > 12 and "&lt;" not in shown
    assert text.count("alert(1)") == text.count("&lt;script&gt;alert(1)")


def test_everything_in_the_record_is_in_the_page(pictures, result):
    shown = read_page(page(record(), pictures, result, "python -m transfer --from 'a b.json'")).text()
    for expected in ("python -m transfer --from 'a b.json'", "python -m transfer 'my photo.jpg' s.jpg", "abc123",
                     "def456", "0.123456789012", "relu1_1 0.25, relu2_1 0.75", "trained on drawings"):  # fmt: skip
        assert expected in shown


def test_a_record_of_another_version_does_no_harm(pictures, result):
    old = {"steps": record()["steps"]}
    for step in old["steps"]:
        del step["size"]
    require_self_contained(read_page(page(old, pictures, result, "again")))
    new = record() | {"new": [{"key": 1.5}]}
    assert "new.1.key1.5" in read_page(page(new, pictures, result, "again")).text()


def test_nothing_to_plot_is_said(pictures, result):
    other = record()
    for step in other["steps"]:
        step["total"] = step["tv"] = 0.0
        step["layers"] = dict.fromkeys(step["layers"], np.nan)
    tree = read_page(page(other, pictures, result, "again"))
    assert not tree.all("img", "plot") and "nothing to plot" in tree.text()
    assert "nothing to plot" in page(other | {"steps": []}, pictures, result, "again")


def test_what_must_be_known_to_read_the_plot_is_said(pictures, result):
    text = page(record(6, (32,)), pictures, result, "again")
    assert "cannot be compared" not in text and "Gaps" not in text
    other = record(6, (32, 64))
    other["steps"][3]["layers"]["style relu1_1"] = 0.0
    text = page(other, pictures, result, "again")
    assert "cannot be compared" in text and "Gaps" in text


def test_text_is_read_on_the_light_and_on_the_dark_page():
    """WCAG 2.1's contrast."""
    style = (FOLDER / "base.css").read_text(encoding="utf-8")
    for scheme in (0, 1):
        colors = {
            name: re.findall(rf"--{name}: #(\w{{6}})", style)[scheme]
            for name in ("paper", "mat", "ink", "soft", "accent")
        }
        lightness = {name: relative_luminance(bytes.fromhex(color)) for name, color in colors.items()}
        for text in ("ink", "soft", "accent"):
            for ground in ("paper", "mat"):
                darker, lighter = sorted((lightness[text], lightness[ground]))
                assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ground)


def relative_luminance(rgb: bytes) -> float:
    """As WCAG 2.1 defines it."""
    values = np.array(list(rgb)) / 255
    linear = np.where(values <= 0.03928, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_the_colour_profile_goes_with_content_and_result(pictures, result):
    profile = bytes([0, 0, 0, 132]) + b"    " + bytes(4) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(92)
    images = pictures_in(read_page(page(record(), pictures, result, "again", profile)))
    holds = [b"ICC_PROFILE" in data or b"iCCP" in data for data in
             (base64.b64decode(image["src"].split(",")[1]) for image in images)]  # fmt: skip
    assert holds == [True, True, True, False, True]  # the style picture has its own numbers, in no profile of ours
