"""MatConvNet's `.mat` files.

Read `read` first: it returns kernels, biases and mean colour; `write` does the opposite. `guard` protects SciPy's
reader from damaged files, and `sniff` recognises files of another kind. `small` writes another format, for the trained
network that ships with this program.
"""
