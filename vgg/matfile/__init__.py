"""MatConvNet's `.mat` files.

`read` → kernels, biases and mean colour; `write` is the way back. `mat5` guards SciPy's reader against damaged files,
`sniff` tells what a wrong file is, and `locate` knows the names of the files this project gets or makes.
"""
