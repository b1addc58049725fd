"""The paper's figures, made again: `python -m transfer.figures NAME [CONTENT STYLE]`.

1. `cells`           what each figure shows: a picture for every cell, each a recipe with one thing changed
2. `command_line`    the options, and what is checked before a run begins; the plot of how one run's losses fell
3. `run`             makes the cells that are missing, then the sheets
4. `statistics`      the style statistics side by side, which are not the paper's
5. `printed_losses`  our losses beside those that another program printed for genuine weights
"""
