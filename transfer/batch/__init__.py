"""Many pictures by one command: `python -m transfer.batch FOLDER -o OUT`.

1. `pairs`     which content gets which style: from a folder, from lists and globs, or from a CSV file
2. `orders`    a picture to make: its files, and whether it is there already; `places` checks where all is written
3. `pipeline`  the content pictures by `tf.data`: decoded, cropped and resized while the network works
4. `wanted`    from orders to jobs, with the pictures at their sizes
5. `making`    makes one order after the other in this process; `transfer.cluster` does it on several machines
6. `run`       makes what is missing, and goes on after a failure; `display` shows it
7. `summary`   what it ends with: `table` (batch.csv), `sheet`, and the page of all pictures
"""
