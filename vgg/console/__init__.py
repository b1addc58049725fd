"""What all command lines share; nothing in here is about networks.

`terminal` has exit codes and one-line messages, `quiet` starts TensorFlow without its chatter, `progress` shows steps.
"""
