"""Image files and sheets of images.

`file` reads, resizes and writes; `codec` and `kind` know the formats, `profile` the colour profiles in them; `sheet`
lays labelled images out side by side.
"""
