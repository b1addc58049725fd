"""`python -m weights`: getting the weights and checking them; its options and commands are in `command_line.py`."""

from weights.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
