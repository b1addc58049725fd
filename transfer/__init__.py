"""Neural style transfer after Gatys, Ecker & Bethge: `python -m transfer CONTENT STYLE`.

Read in this order:

1. `losses`      content, Gram, style, total variation, total, with the paper's equation numbers
2. `recipe`      every choice as data: layers, weights, normalisations, start, optimiser
   `recipes`     the recipes by name; `systems` those of other programs
3. `train`       the loop; `vgg.optimize.optimizers` holds L-BFGS and Adam
4. `run`         one run of the command line, step by step
5. `__main__`    the command line
"""
