"""Where the weights of VGG-19 come from; the `.mat` files live in this folder.

Read `load` (which file a run uses), `verify` with `published` (what a file is) and `download`; then `train`, which
makes a network of our own from `drawings`. `python -m weights` starts in `command_line`.
"""
