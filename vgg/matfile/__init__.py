"""MatConvNet's `.mat` files.

Read `read` first: it returns kernels, biases and mean colour; `write` does the opposite. `mat5` protects SciPy's reader
from damaged files, `sniff` recognises files of another kind, and `locate` has the names of this project's files.
"""
