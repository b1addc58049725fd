"""The total loss and its gradient as a function of the generated image, for an image of any size.

`whole` computes it at once, `striped` in stripes of rows with far less memory: `geometry` says where the stripes lie,
`block` computes one of them, `walk` goes through all.
"""
