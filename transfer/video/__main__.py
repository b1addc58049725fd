"""`python -m transfer.video`: a film in the manner of a painting; its options are in `command_line.py`."""

from collections.abc import Sequence

from vgg.console.start import start_program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    # Here and not above: a Ctrl-C during these imports ends the program in one line, see `start_program`.
    from transfer.video.command_line import main

    return main(arguments)


if __name__ == "__main__":
    start_program("video", main)
