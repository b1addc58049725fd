"""`python -m transfer.bench`: measurements of speed and memory; its options and commands are in `command_line.py`."""

from transfer.apps.bench.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
