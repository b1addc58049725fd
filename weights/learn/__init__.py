"""Filters learned without labels and without a download, where the genuine ones are not at hand.

`dead_leaves` draws the pictures, `filters` learns from them layer by layer, `file` makes the `.mat` file.
"""
