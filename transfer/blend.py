"""`python -m transfer.blend`: from one style to another; its options are in `command_line.py`."""

from transfer.apps.blend.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
