"""A strip of pictures from one style to another: `python -m transfer.blend CONTENT STYLE STYLE`."""
