"""Measures speed, memory and the distance from the machine's limit: `make bench`.

Everything is measured next to a reference in the same run and reported as a ratio, because a time alone says more about
the machine than about the program.
"""
