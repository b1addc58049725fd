"""Many pictures by one command: `python -m transfer.batch FOLDER -o OUT`.

1. `command_line`  the words, and what is checked before TensorFlow starts
2. `pairs`         which content gets which style: from a folder, from lists and globs, or from a CSV file
3. `orders`        the pictures to make: their files, where each goes, and which are there already
4. `making`        makes what is missing in this process; `dask_maker` does it on several machines
5. `results`       what a batch ends with: the table `batch.csv`, the sheet, and the page of all pictures
"""
