"""`python -m transfer`: one style transfer; its options and commands are in `cli/command_line.py`."""

from transfer.cli.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
