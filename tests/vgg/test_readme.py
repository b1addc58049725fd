"""The lesson `vgg/README.md`: its Python runs and prints what it says, its commands are commands, its links lead on."""

import ast
import contextlib
import importlib.util
import io
import itertools
import re
import shlex
import sys
from code import InteractiveConsole
from types import SimpleNamespace

import numpy as np
import pytest

from genuine_figures import BIASES, KERNELS
from image_files import png_of
from microscope_command import ROOT, disc
from vgg.layers import CONVOLUTIONS, receptive_field
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.write import write
from vgg.microscope.command_line import build_parser
from vgg.microscope.layers import layer_table
from vgg.network import VGG19

README = ROOT / "vgg" / "README.md"
TEXT = README.read_text()

#: What the lesson prints the shape of has the shipped network's number of channels; the rest stays narrow.
HALF = {"conv1_1": 32, "conv1_2": 32, "conv2_1": 64, "conv4_2": 256}

#: A comment with this word shows a value that depends on the weights.
WEIGHTS_DECIDE = "with the small VGG-19"


def blocks(*languages: str) -> list[str]:
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Every line of the README that is typed into a shell."""
    typed = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "]
    return typed + [line for block in blocks("sh") for line in block.splitlines()]


def test_every_block_can_be_pasted_into_pythons_prompt():
    """Line by line; at the end of a block the prompt must wait for nothing, or the next block would fail."""
    prompt = InteractiveConsole()
    prompt.runcode = lambda code: None  # what it computes is another test's
    for block in blocks("python"):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            waits = [prompt.push(line) for line in block.splitlines()][-1]
        assert not errors.getvalue() and not waits, block + errors.getvalue()


def partly_half_weights() -> Weights:
    rng = np.random.default_rng(0)
    convolutions, channels_in = {}, 3
    for layer in CONVOLUTIONS:
        channels = HALF.get(layer.name, 4)
        kernel = rng.normal(0, (2 / (9 * channels_in)) ** 0.5, (3, 3, channels_in, channels)).astype(np.float32)
        convolutions[layer.name] = Conv(kernel, rng.normal(0, 0.1, channels).astype(np.float32))
        channels_in = channels
    return Weights(convolutions, np.float32([123.68, 116.779, 103.939]), "later", "partly half, for tests")


def printed_and_expected(code: str, namespace: dict) -> list[tuple[str, str]]:
    """Run a block; (what a statement printed, what the comments at its end and below it say) for each that prints."""
    lines, found = code.splitlines(), []
    for statement in ast.parse(code).body:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(ast.Module([statement], []), str(README), "exec"), namespace)
        if output.getvalue():
            comments = [lines[statement.end_lineno - 1][statement.end_col_offset :].strip()]
            below = lines[statement.end_lineno :]
            # At the prompt an empty line ends a `for`, so what it prints stands below that.
            comments += itertools.takewhile(lambda line: line.startswith("#"), below[below[:1] == [""] :])
            expected = "\n".join(comment.removeprefix("#").removeprefix(" ") for comment in comments if comment)
            found.append((output.getvalue().rstrip("\n"), expected))
    return found


def test_every_snippet_prints_what_the_lesson_says(tmp_path, monkeypatch):
    write(tmp_path / "network.mat", partly_half_weights())
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "result.png").write_bytes(png_of(disc(384, 512)))
    monkeypatch.chdir(tmp_path)
    if importlib.util.find_spec("vgg.load") is None:  # it comes with another change; then it is tested too
        monkeypatch.setitem(sys.modules, "vgg.load", SimpleNamespace(load_network=lambda path: VGG19(read(path))))
    namespace, pairs = {}, []
    for code in blocks("python"):
        pairs += printed_and_expected(code.replace("load_network()", "load_network('network.mat')"), namespace)
    assert len(pairs) >= 14
    for printed, expected in pairs:
        assert expected, f"the lesson does not say what is printed: {printed}"
        if WEIGHTS_DECIDE not in expected:
            assert printed == expected
    assert sum(WEIGHTS_DECIDE in expected for _, expected in pairs) <= 1  # or hardly anything would be compared
    assert {path.name for path in (tmp_path / "output").iterdir()} == {
        "result.png",
        "shifted.png",
        "flipped.png",
        "shuffled.png",
    }


def test_the_kernel_of_the_lesson_is_the_genuine_one_rounded():
    namespace = {}
    exec(next(code for code in blocks("python") if code.startswith("kernel = [")), namespace)
    np.testing.assert_array_equal(np.float32(namespace["kernel"]), KERNELS[..., 0].round(2))
    assert namespace["bias"] == round(float(BIASES[0]), 2)


def test_the_table_of_hand_computed_products():
    table = TEXT[TEXT.index("| sum of the weights") : TEXT.index("The nine products")].replace("−", "-")
    numbers = [[float(cell) for cell in line.strip("| ").split("|")] for line in table.strip().splitlines()[2:]]
    sums = KERNELS[..., 0].round(2).sum(axis=2)
    pixels = np.array([[100, 100, 0], [100, 0, -100], [0, -100, -100]])
    np.testing.assert_allclose(numbers, np.hstack([sums, sums * pixels]), atol=1e-4)


def test_the_hand_computed_receptive_fields():
    table = TEXT[TEXT.index("| layer | stride before it") : TEXT.index("`vgg.layers.receptive_field` is")]
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|.*= (\d+) \| (\d+) \|$", table, re.MULTILINE)
    assert [row[0] for row in rows] == ["conv1_1", "conv1_2", "pool1", "conv2_1"]
    stride = 1
    for name, before, size, after in rows:
        assert int(before) == stride
        assert receptive_field(name)[:2] == (int(size), int(after))
        stride = int(after)


def test_every_command_is_one():
    parser, names = build_parser(), set()
    for command in commands():
        words = shlex.split(command)
        assert words[:3] == [".venv/bin/python", "-m", "vgg"], command
        options = parser.parse_args(words[3:])  # exits if the line is not valid
        names.add(options.command)
    assert names == {"layers", "features", "filters", "atlas", "invert", "deconv", "search", "gram", "compare"}


def test_the_rows_of_layers_in_the_lesson():
    (block,) = (block for block in blocks("console") if "multiply-adds" in block)
    rows = {row.name: row for row in layer_table(384, 512)}
    shown = [line.split() for line in block.splitlines() if line.split(" ")[0] in rows]
    assert len(shown) >= 6
    for name, index, kind, *rest in shown:
        row = rows[name]
        assert (int(index), kind) == (row.index, row.kind)
        assert rest[-1] == f"{row.activation_bytes / 1e6:.1f}"
        numbers = [str(row.receptive_field), str(row.stride)]
        if row.kind == "conv":
            numbers = ["×".join(map(str, row.kernel)), "×".join(map(str, row.output)), *numbers]
            numbers += [f"{row.parameters:,}", f"{row.multiply_adds:,}"]
        else:
            numbers = ["×".join(map(str, row.output)), *numbers]
        assert rest[:-1] == numbers


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", TEXT))))
def test_links_lead_to_files(target):
    assert (README.parent / target).exists()


def test_links_within_the_lesson_lead_to_headings():
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    targets = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert len(targets) == 6
    assert targets <= headings


def test_files_named_in_the_lesson_exist():
    named = set(re.findall(r"\b((?:vgg|transfer)/[\w/]+(?:\.py)?)", TEXT))
    assert len(named) >= 6
    for name in named:
        assert (ROOT / name).exists(), name
