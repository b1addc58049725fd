"""Optimisers of images, used to look into the network and to transfer style. They know nothing of losses.

Read `l_bfgs` first, our own, then `adam` and `scipy_l_bfgs_b`. All have `start` and `step`, as `optimizer` says.
"""
