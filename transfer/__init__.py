"""Neural style transfer after Gatys, Ecker & Bethge 2016: `python -m transfer CONTENT STYLE`.

`minimal` is all of it in one file. Then read in this order:

1. `recipes`      every choice as data; `other_programs` has those of seven other programs
2. `losses`       content, style and total loss, with the paper's equations, and what all losses have in common
3. `objective`    the total loss and its gradient as a function of the image
4. `train`        the training loop, and all that changes while it runs; its optimisers are in `vgg.optimize`
5. `session`      from a job to its image: precisions, and what jobs share; `sizes`, coarse to fine and the margin

`inputs` reads the images a run begins with, `samples` draws some, `memory` plans whole or in stripes, `striped` is the
objective of very large images. `colors` says whose colours the result has, `regions` gives parts of it styles of their
own. `cli` is the command line, `apps` the programs around it, which nothing imports.
"""
