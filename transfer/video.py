"""`python -m transfer.video`: a film in the manner of a painting; see `transfer.apps.video`."""

from transfer.apps.video.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
