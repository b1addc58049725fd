"""`python -m transfer.batch`: many pictures; see `transfer.apps.batch`."""

from transfer.apps.batch.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
