"""Trains a network of our own on pictures drawn by code, for use where the genuine weights are missing."""
