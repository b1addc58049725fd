"""Web pages about results: one file each, which needs no internet and loads nothing from elsewhere.

Read `page`, which fills the templates `run.html` (one run) and `batch.html` (all runs of a batch), then `plot`: losses
against steps, also for `python -m transfer.figures trade-off`.
"""
