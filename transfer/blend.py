"""`python -m transfer.blend`: from one style to another; see `transfer.apps.blend`."""

from transfer.apps.blend import main

if __name__ == "__main__":
    raise SystemExit(main())
