"""Neural style transfer after Gatys, Ecker & Bethge 2016: `python -m transfer CONTENT STYLE`.

Read in this order:

1. `losses`       content, style and total loss, with the paper's equations; `pixel_losses` has the total variation
                  and what holds a film together, `term` what all losses have in common
2. `recipe`       every choice as data
3. `objective`    the total loss and its gradient as a function of the image: terms, whole or in stripes
4. `train`        the training loop, and `progress`, all that changes while it runs; its optimisers are in
                  `vgg.optimize`
5. `session`      from a job to its image: sizes (`coarse_to_fine`), precisions, stripes (`memory`, `machine`)
6. `command`      the command line; `inputs` reads the images it begins with; `full_size` enlarges its result

Beside them, `regions` and `guided` give parts of a picture styles of their own, and `colors` says whose colours the
result has. `figures`, `bench`, `blend`, `batch` and `video` are other programs on top of sessions; `cluster` has Dask's
workers make the pictures of a batch; `masks` makes label pictures, and `report` web pages about results.
"""
