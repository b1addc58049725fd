"""`python -m vgg`: nine commands that look into the network. `command_line` has the options and reads the inputs.

One file a command: `layers`, `features`, `filters` (with `ascent`), `atlas`, `deconv`, `invert`, `compare`, `search`,
`gram`. Each first computes something, then draws it or prints it; `draw` shows numbers as images, bars and text.
"""
