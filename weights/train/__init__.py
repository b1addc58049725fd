"""Trains a network of our own on pictures drawn by code, for use where the genuine weights are missing.

Read `settings` (all numbers), `network` (first kernels, layers, and how batch normalisation becomes kernel and bias),
`training` (crops, objective, AdamW, loop) and `run`, which makes a command of it.
"""
