"""Neural style transfer after Gatys, Ecker & Bethge 2016: `python -m transfer CONTENT STYLE`.

`minimal` is all of it in one file. Then read in this order:

1. `recipes`      every choice as data; `other_programs` has those of seven other programs
2. `losses`       content, style and total loss, with the paper's equations, and what all losses have in common
3. `objective`    the total loss and its gradient as a function of the image; `targets`, what the losses compare with
4. `train`        the training loop, and all that changes while it runs; its optimisers are in `vgg.optimize`
5. `session`      from a job to its image: precisions, and what jobs share; `sizes`, coarse to fine and the margin

As a library: `session.run(Job(recipe, load(files, recipe)))`; see `transfer/README.md`, "From Python".

`files` says which files a run begins with, `inputs` reads them. `machine` and `memory` plan whole
or in stripes; `striped` is the objective of very large images, `cluster` that on many machines. `colors` says whose
colours the result has, `regions` gives parts of it styles of their own, `full_size` enlarges it. `cli` is the command
line, `report` its web pages, `apps` the programs around it, which nothing imports.
"""
