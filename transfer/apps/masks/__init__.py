"""Label pictures without an editor: `python -m transfer.masks PICTURE --by color`.

1. `labels`        an image → the number of each pixel's region, and the pictures that show them
2. `command_line`  the options, and the two files
"""
