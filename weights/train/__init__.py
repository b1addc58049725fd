"""A half-width VGG-19 that is trained on pictures drawn by code, for use where the genuine weights are missing."""
