"""Label pictures without an editor: `python -m transfer.masks PICTURE --by color`.

1. `labels`        a picture → the number of each pixel's region: by colour, luminance, or what is in a box
2. `pictures`      these numbers as a label picture, as names with their shares, and as a preview
3. `command_line`  the options, and the two files
"""
