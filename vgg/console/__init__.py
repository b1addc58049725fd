"""What all command lines share; nothing in here is about networks.

Read `terminal` (how a command ends, and its one-line messages), then `interrupts` (Ctrl-C), `quiet` (TensorFlow without
its messages), `start` (the first lines of each `__main__.py`), `arguments` (types of options) and `progress` (steps).
"""
