"""MatConvNet's `.mat` files.

Read `read` first: it returns kernels, biases and mean colour; `write` does the opposite. `mat5` protects SciPy's reader
from damaged files, `sniff` recognises files of another kind, and `locate` has the names of this project's files.
`small` is another format, for the trained network that ships with this program; `shipped` makes its `.mat` file.
"""
