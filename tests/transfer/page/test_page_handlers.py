"""What the page shows after a click, asked of the handlers themselves."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from image_files import png_of

pytest.importorskip("gradio", reason="Gradio is not installed: make page")

from transfer.apps.page.folder import Folder
from transfer.apps.page.handlers import PAINTS, Handlers, editor, painted, status, title
from transfer.apps.page.layout import blocks
from transfer.apps.page.runs import Run, Runs
from transfer.apps.page.settings import Settings
from transfer.cli.outputs import outputs_of
from vgg.tools.image import read_image


@pytest.fixture
def handlers(tmp_path):
    runs = Runs(Folder(tmp_path / "page"))
    names = "content styles photo paintings editor input_problem region_problem run_problem forecast"
    names += " drop_photo drop_paintings"
    on = SimpleNamespace(**{name: name for name in names.split()})
    yield Handlers(on, runs, {})
    runs.close()


def disc(shape, y, x, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def test_what_is_painted_becomes_masks_of_that_place(handlers):
    layer = np.zeros((480, 640, 4), np.uint8)
    for (name, color), x in zip(PAINTS.items(), (100, 300, 500), strict=True):
        layer[disc((480, 640), 240, x, 50)] = (*(channel + 8 * (name == "red") for channel in color), 255)
    layer[:200] = 0  # rubbed out
    layer[disc((480, 640), 400, 300, 20)] = (*PAINTS["green"], 40)  # hardly there: the soft edge of the brush
    field = {"background": None, "layers": [layer], "composite": None}
    for mask, x in zip(painted(field), (100, 300, 500), strict=True):
        expected = disc((480, 640), 240, x, 50)
        expected[:200] = False
        np.testing.assert_array_equal(mask, expected)
    values = ("sample", ["sample"], "", 0.5, 512, 1, "style", "", "default", "", None, field, "keep", "", "0.3", "")
    settings = handlers.settings(*values)
    assert [what for _, what in settings.regions] == ["keep", "0.3"]  # green gets nothing special
    mask = read_image(settings.regions[1][0])
    assert mask[250, 500].tolist() == [255] * 3 and mask[250, 100].tolist() == [0] * 3
    again = painted(editor("sample", [read_image(place)[..., 0] > 127 for place, _ in settings.regions]))
    assert np.mean(again[0] != painted(field)[0]) < 1e-3


def test_nothing_painted_gives_no_regions(handlers):
    for field in (None, {"background": None, "layers": [], "composite": None}, editor("sample")):
        values = (
            "sample",
            ["sample"],
            "",
            0.5,
            512,
            1,
            "style",
            "",
            "default",
            "",
            None,
            field,
            "keep",
            "keep",
            "0.3",
            "",
        )
        assert handlers.settings(*values).regions == ()


def test_the_masks_command_finds_what_is_around_the_red(handlers, tmp_path):
    image = np.full((240, 320, 3), (40, 90, 160), np.uint8)
    cv2.circle(image, (160, 120), 50, (230, 200, 40), -1)
    (tmp_path / "ball.png").write_bytes(png_of(image))
    content = str(tmp_path / "ball.png")
    box = np.zeros((240, 320), bool)
    box[60:180, 100:220] = True
    found = handlers.find_regions(content, editor(content, [box]), "box")
    mask = painted(found["editor"])[0]
    assert np.mean(mask != disc((240, 320), 120, 160, 50)) < 0.01
    assert "nothing is red yet" in handlers.find_regions(content, editor(content), "box")["region_problem"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "a.png is a text file, expected a picture"),
        (b"", "a.png is"),
        (png_of(np.zeros((8, 8, 3), np.uint8))[:60], "a.png"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0", "a.png"),
    ],
)
def test_a_bad_file_is_named_as_the_user_named_it_and_nothing_is_kept(handlers, tmp_path, data, words):
    (tmp_path / "a.png").write_bytes(data)
    changed = handlers.take_photo(str(tmp_path / "a.png"))
    assert changed["input_problem"].startswith("⚠ " + words) and str(tmp_path) not in changed["input_problem"]
    assert "content" not in changed and changed["drop_photo"] is None
    assert not list((tmp_path / "page" / "inputs").iterdir())


def test_paintings_replace_or_are_mixed(handlers, tmp_path):
    files = []
    for level in (10, 200):
        files.append(str(tmp_path / f"{level}.png"))
        (tmp_path / f"{level}.png").write_bytes(png_of(np.full((40, 40, 3), level, np.uint8)))
    (first,) = handlers.take_paintings(files[:1], ["sample"], False)["styles"]
    assert handlers.take_paintings(files[1:], [first], True)["styles"][0] == first
    assert len(handlers.take_paintings(files, ["sample"], False)["styles"]) == 2


def test_the_status_says_where_a_run_is(tmp_path):
    outputs = Folder(tmp_path).new(Settings())
    run, later = Run(outputs, Settings(), state="running", count=60), Run(outputs, Settings())
    assert status([]) == "Nothing is painted yet." and status([run, later, later]).endswith("… 2 more to come.")
    run.steps.append(SimpleNamespace(step=7, size=256, left=75.0))
    assert status([run]) == "Step 7 of 60, 256 pixels, 1 min 15 s left."
    run.state, run.problem = "failed", f"{tmp_path}/inputs/{'0' * 64}.png is cut off"
    assert status([run]) == "the picture is cut off"


def test_a_result_is_called_by_strength_and_time(tmp_path):
    outputs = outputs_of(tmp_path / "2026-11-28-212834-2.png")
    assert title(outputs, Settings(strength=0.25)) == "0.25 at 21:28:34-2"
    outputs.state.touch()
    assert title(outputs, Settings()) == "0.5 at 21:28:34-2, unfinished"


def test_messages_have_the_words_of_the_page(handlers):
    values = ("sample", ["sample"], "banana", 0.5, 512, 1, "style", "", "default", "", None, None, "", "", "", "")
    assert handlers.forecast(*values)["forecast"] == "⚠ Shares: invalid blend value: 'banana'"


def test_the_page_can_be_built_and_every_click_has_its_handler(tmp_path):
    runs = Runs(Folder(tmp_path / "page"))
    page = blocks(runs, {"the best that is here": ""}, {})
    names = {function.name for function in page.fns.values()}
    runs.close()
    handlers = {name for name, value in vars(Handlers).items() if callable(value) and name[0] != "_"}
    assert handlers - {"settings"} == names
