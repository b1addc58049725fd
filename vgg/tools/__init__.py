"""What all parts share and what is not about networks.

`image` reads and writes pictures, `sheet` lays labelled images side by side, `files` writes files whole or not at all,
`console` is how a command begins and ends, `progress` shows its steps, `web` fills web pages, `animation` writes loops.
"""
