"""Many pictures by one command: `python -m transfer.batch FOLDER -o OUT`.

1. `pairs`     which content gets which style: from a folder, from lists and globs, or from a CSV file
2. `orders`    a picture to make: its job, its files, and whether it is there already
3. `pipeline`  the content pictures by `tf.data`: decoded, cropped and resized while the network works
4. `wanted`    from orders to jobs, with the pictures at their sizes
5. `making`    makes one order after the other in this process; `transfer.cluster` does it on several machines
6. `run`       makes what is missing, and goes on after a failure; `display` shows it
7. `summary`   the sheet, the table `batch.csv` and the page of all pictures
"""
