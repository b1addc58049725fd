"""What is on the page, and which handler gets which controls. What then happens is in `handlers`."""

from types import SimpleNamespace
from typing import Any, get_args

import gradio as gr

from transfer.apps.page.folder import style_thumbnail, thumbnail
from transfer.apps.page.handlers import PAINTS, THE_PHOTO, Handlers, editor
from transfer.apps.page.runs import Runs
from transfer.files import KEEP, SAMPLE
from transfer.other_programs import RECIPES
from transfer.recipes import DEFAULT, StyleStatistic

TICK = 0.7  # seconds between two looks at the run
HEIGHT = 170  # pixels, of a field with a picture to begin with
COLORS = [
    ("the painting's", "style"),
    ("the photo's", "luminance"),
    ("the photo's, given to the painting before", "match"),
    ("the same, by Cholesky's factors", "match-cholesky"),
    ("the photo's over large areas", "coarse"),
]
WHAT = [
    ("as everywhere", ""),
    ("keep the photo", KEEP),
    *((f"strength {share}", share) for share in ("0.1", "0.3", "0.8")),
]
THEME = gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"])  # none from the internet
CSS = "footer {display: none !important}"
FIXED: dict[str, Any] = {"interactive": False, "buttons": []}


def blocks(runs: Runs, networks: dict[str, str], digests: dict[str, str]) -> gr.Blocks:
    """Return the page; `networks` are files by what they are called on it, `digests` the same files by theirs."""
    built = gr.Blocks(title="Style transfer", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600))
    on = SimpleNamespace(built=built)
    with built:
        gr.Markdown("# Paint a photo in the manner of a painting\nEverything stays on this computer.")
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                _pictures(on, runs.folder.examples())
                _choices(on, networks)
                _regions(on)
            with gr.Column(scale=3, min_width=300):
                _painting(on)
        _gallery(on)
        _connect(on, Handlers(on, runs, digests))
    return built


def _pictures(on: SimpleNamespace, examples: list[str]) -> None:
    """The two drop zones, and what was dropped."""
    on.content, on.styles, on.examples = gr.State(SAMPLE), gr.State([SAMPLE]), gr.State(examples)
    zone = {"height": HEIGHT, "min_width": 130}
    strip = {"allow_preview": False, "show_label": False, **FIXED}
    with gr.Row():
        on.drop_photo = gr.File(label="Your photo", elem_id="drop-photo", **zone)
        on.photo = gr.Image(thumbnail(SAMPLE), show_label=False, height=HEIGHT, min_width=130, **FIXED)
    with gr.Row():
        several = {"file_count": "multiple", "elem_id": "drop-paintings"}
        on.drop_paintings = gr.File(label="Your painting, or several", **several, **zone)
        chosen = {"columns": 2, "height": HEIGHT, "min_width": 130, "object_fit": "contain", "fit_columns": False}
        on.paintings = gr.Gallery([style_thumbnail(SAMPLE)], elem_id="paintings", **chosen, **strip)
    on.input_problem = gr.Markdown(elem_id="input-problem")
    gr.Markdown("Or one of these, drawn by this program:")
    shown = [style_thumbnail(style) for style in examples]
    row = {"columns": len(shown), "height": 110, "object_fit": "cover", "elem_id": "examples"}
    on.try_these = gr.Gallery(shown, **row, **strip)
    with gr.Row():
        on.mix = gr.Checkbox(label="Mix: add the next painting to those that are chosen", min_width=130)
        on.shares = gr.Textbox("", label="Shares, from left to right, such as 3:1", max_length=200, min_width=130)


def _choices(on: SimpleNamespace, networks: dict[str, str]) -> None:
    """All that can be set without pictures."""
    label = "Strength: how much of the painting"
    on.strength = gr.Slider(0, 1, 0.5, step=0.05, label=label, elem_id="strength")
    on.size = gr.Slider(128, 2048, DEFAULT.size, step=64, label="Longer side, in pixels", elem_id="size")
    with gr.Accordion("More choices", open=False):
        on.style_scale = gr.Slider(0.25, 4, 1, step=0.25, label="Size of the brush strokes")
        on.colors = gr.Dropdown(COLORS, value="style", label="Colours")
        kinds = [("the recipe's", ""), *((name, name) for name in get_args(StyleStatistic))]
        on.statistic = gr.Dropdown(kinds, value="", label="What counts as the style (gram: as in the paper)")
        on.network = gr.Dropdown([*networks.items()], label="Network, which looks at the pictures")
        recipes = [(f"{name}: {recipe.summary}", name) for name, recipe in RECIPES.items()]
        on.recipe = gr.Dropdown(recipes, value=DEFAULT.name, label="Recipe: ours, the paper's, other programs'")
        options = "--tv-weight 0.1 --iterations 60"
        on.further = gr.Textbox(
            label="Further options, as on the command line", placeholder=options, value="", max_length=1000
        )
    on.start = gr.State()


def _regions(on: SimpleNamespace) -> None:
    """The field to paint regions in, and what each gets."""
    with gr.Accordion("Regions: another strength, or none, for a part of the photo", open=False):
        colors = [f"#{bytes(color).hex()}" for color in PAINTS.values()]
        brush = gr.Brush(default_size=40, colors=colors, color_mode="fixed")
        on.editor = gr.ImageEditor(
            editor(SAMPLE), show_label=False, brush=brush, sources=(), transforms=(), layers=False, elem_id="editor"
        )
        gr.Markdown("Choose a colour at the palette, paint over a part, and say below what that part gets.")
        with gr.Row():
            on.find_box, on.find_colors = gr.Button("Find the thing around the red"), gr.Button("Split by colour")
        on.region_problem = gr.Markdown()
        with gr.Row():
            on.whats = [gr.Dropdown(WHAT, value="", label=f"What is {name} gets", min_width=150) for name in PAINTS]


def _painting(on: SimpleNamespace) -> None:
    """The picture as it grows, and the buttons."""
    on.forecast = gr.Markdown(elem_id="forecast")
    with gr.Row():
        on.paint = gr.Button("Paint", variant="primary", min_width=90)
        on.stop, on.go_on = gr.Button("Stop", min_width=90), gr.Button("Go on", min_width=90)
    with gr.Row():
        on.restart = gr.Button("Go on with the new strength", size="sm", min_width=150)
        on.three = gr.Button("Paint three strengths", size="sm", min_width=150)
    on.run_problem, on.status = gr.Markdown(elem_id="run-problem"), gr.Markdown(elem_id="status")
    with gr.Tabs() as on.tabs:
        with gr.Tab("As it grows"):
            on.picture = gr.Image(show_label=False, elem_id="picture", interactive=False, buttons=["fullscreen"])
        with gr.Tab("Before and after", id="compared"):
            on.slider = gr.ImageSlider(label="Pull the line", elem_id="slider", interactive=False)
            on.other = gr.Dropdown([THE_PHOTO], value=THE_PHOTO, label="On the left")
        with gr.Tab("Loss"):
            what = "loss, as a power of ten"
            on.losses = gr.LinePlot(x="step", y="loss", color="distance", y_title=what, height=300)
    with gr.Row():
        on.get_picture = gr.DownloadButton("Download the picture", elem_id="get-picture")
        on.get_record = gr.DownloadButton("Download its settings and losses")


def _gallery(on: SimpleNamespace) -> None:
    """The earlier pictures."""
    on.selected, on.names, on.seen, on.timer = gr.State(""), gr.State([]), gr.State(), gr.Timer(TICK)
    on.results = gr.Gallery(
        label="Earlier pictures: strength and time; click on one",
        columns=6,
        height=300,
        object_fit="contain",
        fit_columns=False,
        allow_preview=False,
        elem_id="results",
        **FIXED,
    )
    with gr.Row():
        on.use, on.repeat = gr.Button("Set everything as it was"), gr.Button("Paint it once more")
    on.gallery_problem = gr.Markdown(elem_id="gallery-problem")
    label = "Drop a result, or its record: everything is set as it was"
    on.drop_record = gr.File(label=label, height=140, elem_id="drop-record")


def _connect(on: SimpleNamespace, handlers: Handlers) -> None:
    """Say what each click does."""
    on.all = [
        on.content, on.styles, on.shares, on.strength, on.size, on.style_scale, on.colors, on.statistic, on.recipe,
        on.network,
        on.start, on.editor, *on.whats, on.further,
    ]  # fmt: skip
    inputs = {
        on.content, on.styles, on.photo, on.paintings, on.editor, on.input_problem, on.drop_photo, on.drop_paintings
    }  # fmt: skip
    results = {
        on.selected, on.names, on.results, on.slider, on.other, on.tabs, on.get_picture, on.get_record,
        on.gallery_problem,
    }  # fmt: skip
    growing = {on.seen, on.status, on.run_problem, on.picture, on.losses, *results}
    quietly = {"show_progress": "hidden", "api_visibility": "private"}
    on.drop_photo.upload(handlers.take_photo, on.drop_photo, inputs, **quietly)
    on.drop_paintings.upload(handlers.take_paintings, [on.drop_paintings, on.styles, on.mix], inputs, **quietly)
    on.try_these.select(handlers.choose_example, [on.examples, on.styles, on.mix], inputs, **quietly)
    for button, by in ((on.find_box, "box"), (on.find_colors, "color")):
        found = {on.editor, on.region_problem}
        button.click(handlers.find_regions, [on.content, on.editor, gr.State(by)], found, api_visibility="private")
    changes = [control.change for control in on.all if control not in (on.editor, on.start)]
    gr.on([on.built.load, *changes], handlers.forecast, on.all, {on.forecast}, trigger_mode="always_last", **quietly)
    for button, handler, values in (
        (on.paint, handlers.paint, on.all), (on.three, handlers.paint_three, on.all), (on.stop, handlers.stop, None),
        (on.restart, handlers.restart, on.strength), (on.go_on, handlers.go_on, on.selected),
        (on.repeat, handlers.repeat, on.selected),
    ):  # fmt: skip
        button.click(handler, values, {on.run_problem}, **quietly)
    on.timer.tick(handlers.look, [on.seen, on.selected], growing, **quietly)
    on.results.select(handlers.select, [on.names, on.other], results, **quietly)
    on.other.input(handlers.compare, [on.selected, on.other], results, **quietly)
    restored = {*on.all, *inputs, on.drop_record, on.gallery_problem}
    on.drop_record.upload(handlers.restore_dropped, on.drop_record, restored, **quietly)
    on.use.click(handlers.restore_selected, on.selected, restored, **quietly)
