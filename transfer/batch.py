"""`python -m transfer.batch`: many pictures; its options are in `command_line.py`."""

from transfer.apps.batch.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
