"""`python -m transfer.page`: a page to paint on; see `transfer.apps.page`."""

from transfer.apps.page.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
