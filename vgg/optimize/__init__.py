"""Optimisers of images, used to look into the network and to transfer style. They know nothing of losses.

Read `optimizer` (what all of them can do), then `l_bfgs`, our own; then `adam` and
`scipy_l_bfgs_b`.
"""
