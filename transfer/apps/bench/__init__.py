"""Measures speed, memory and the distance from the machine's limit: `make bench`.

Everything is measured next to a reference in the same run and reported as a ratio, because a time alone says more about
the machine than about the program.

1. `measurements`  one evaluation, the way to a loss, and memory by size, each as the lines of a table
2. `command_line`  which of them to make; and a batch against separate commands, and a film
"""
