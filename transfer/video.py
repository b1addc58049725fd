"""`python -m transfer.video`: a film in the manner of a painting; its options are in `command_line.py`."""

from transfer.apps.video.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
