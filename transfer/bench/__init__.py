"""How fast, how far from the machine's limit, in how much memory: `make bench`.

Everything is measured in one run beside the plain way of doing it, and told as a ratio with its spread, because a time
alone says more about the machine than about the program.
"""
