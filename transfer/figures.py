"""`python -m transfer.figures`: the paper's figures; its options and commands are in `command_line.py`."""

from transfer.apps.figures.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
