"""`python -m transfer.bench`: measurements of speed and memory; see `transfer.apps.bench`."""

from transfer.apps.bench.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
