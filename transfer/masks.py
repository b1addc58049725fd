"""`python -m transfer.masks`: label pictures without an editor; its options are in `command_line.py`."""

from transfer.apps.masks.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
