"""The paper's figures, made again: `python -m transfer.figures NAME [CONTENT STYLE]`.

1. `cells`      what each figure shows: a picture for every cell, each a recipe with one thing changed
2. `making`     makes the cells that are not there yet, and lays them out on a sheet
3. `trade_off`  how the losses of one run fell, layer by layer
"""
