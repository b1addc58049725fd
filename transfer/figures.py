"""`python -m transfer.figures`: the paper's figures; see `transfer.apps.figures`."""

from transfer.apps.figures.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
