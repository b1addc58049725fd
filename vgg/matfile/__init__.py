"""MatConvNet's `.mat` files, and the small `.npz` of a network that this program trained.

Read `read` first: it returns kernels, biases and mean colour; `write` does the opposite. `mat5` decodes what MATLAB
writes, and `sniff` recognises files of another kind.
"""
