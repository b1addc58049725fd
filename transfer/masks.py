"""`python -m transfer.masks`: label pictures without an editor; see `transfer.apps.masks`."""

from transfer.apps.masks import main

if __name__ == "__main__":
    raise SystemExit(main())
