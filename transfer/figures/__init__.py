"""The paper's figures, made again: `python -m transfer.figures NAME [CONTENT STYLE]`.

1. `cells`      what each figure shows: a picture for every cell, each a recipe with one thing changed
2. `plan`       what a run shall do, checked before it begins
3. `cell_store` the finished cells as files, and which are there already
4. `making`     makes a cell, and lays the cells out on a sheet
5. `run`        makes the cells that are missing, then the sheets
6. `trade_off`  how the losses of one run fell, layer by layer; `history` reads them from its record
7. `printed_losses`  our losses beside those that another program printed for genuine weights
"""
