"""Types of options: what they accept, and that a refusal is one short line that names what was expected."""

import pytest

from vgg.tools.console import Parser, file_name, whole_number


def complaint(capfd, text: str, smallest: int = 16) -> str:
    parser = Parser(prog="python -m transfer.figures")
    parser.add_argument("--size", type=whole_number(smallest))
    parser.add_argument("--file", type=file_name)
    with pytest.raises(SystemExit) as stop:
        parser.parse_args([text if text.startswith("--") else f"--size={text}"])
    assert stop.value.code == 2
    line = capfd.readouterr().err
    assert line.count("\n") == 1 and line.endswith("\n") and line[:-1].isprintable() and len(line) < 300
    assert line.startswith("figures: ") and line.endswith("; see python -m transfer.figures --help\n")
    return line


@pytest.mark.parametrize("text", ["1e3", "x", "", "15", "-1", "16.5", "\x1b[31m\n"])
def test_no_whole_number(capfd, text):
    assert f"{text!r} found, expected a whole number of 16 or more;" in complaint(capfd, text)


@pytest.mark.parametrize("digits", [19, 400, 4299, 5000])
def test_far_too_many_digits(capfd, digits):
    assert "or more, at most 9223372036854775807;" in complaint(capfd, "9" * digits)


def test_what_is_accepted():
    assert [whole_number(0)(text) for text in ("0", "512", " 7 ", str(2**63 - 1))] == [0, 512, 7, 2**63 - 1]
    assert str(file_name("a/b.png")) == "a/b.png"


def test_an_empty_name(capfd):
    assert "'' found, expected the name of a file" in complaint(capfd, "--file=")


def test_escape_codes_in_an_unknown_option(capfd):
    assert r"unrecognized arguments: --\x1b[31m\nred" in complaint(capfd, "--\x1b[31m\nred")
