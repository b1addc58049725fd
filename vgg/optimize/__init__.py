"""Optimisers of images, used to look into the network and to transfer style. They know nothing of losses.

Read `optimizer` (what all of them can do), `adam` (the shortest), `scipy_l_bfgs_b` (the paper's) and `l_bfgs` (ours).
"""
