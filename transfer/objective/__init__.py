"""The total loss and its gradient as a function of the generated image, for an image of any size.

Read `terms` (from a recipe to its terms and their targets), `whole` (the image at once) and `objective`. For images
that do not fit into the memory there is `striped`, with `geometry`, `block`, `compiled` and `band`; for one image on
many machines `bands`, with `band_worker`.
"""
