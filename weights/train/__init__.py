"""Trains a network of our own on pictures drawn by code, for use where the genuine weights are missing.

Read `settings` (all numbers), `crops` (what the network sees), `network`, `objective` (what it is trained for) and
`loop`; then `fold` (batch normalisation becomes kernel and bias) and `file` (the finished file). `run`,
`state_file` and `drawings_file` make a command of it; `drawings` draws.
"""
