"""Filters that are learned without labels and without a download, for use where the genuine ones are missing.

Read `dead_leaves` (draws the pictures), `filters` (learns from them, layer by layer) and `file` (writes the `.mat`
file). `display` shows the progress.
"""
