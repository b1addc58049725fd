"""`python -m transfer`, and what it shares with the batch, the film and the figures.

1. `command_line`  from the words to a run: all that can be wrong with them is found before TensorFlow starts
2. `options`       the words, and what they mean: a recipe, files, and `RunOptions`; `values` reads the text of one
3. `variants`      options with several values: the pictures asked for; `sweep` makes them, their sheet and its record
4. `outputs`       where the results go, and what the picture gets from the content picture's file
5. `run`           the driver, `make_picture`: from a job to its files, for the command line and Dask's workers;
                   `many` makes one picture after the other, for a sweep, a batch and the figures
6. `record`        the `.json` beside a picture: is it there already, and how is it made again (`--from`, `--continue`)
7. `checkpoints`   an unfinished run as a file (`--resume`)
8. `watchers`      what looks on: previews, the series, a timelapse, TensorBoard
"""
