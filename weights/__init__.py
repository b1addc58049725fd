"""Where the weights of VGG-19 come from; the `.mat` files live in this folder.

Read `load` (which file a run uses), `verify` with `fingerprint` and `published` (what a file is), then the rooms
`download` and `train`. `magnitudes` gives a network the genuine one's scale, `untrained` makes random filters to
compare with. `python -m weights` starts in `command_line`.
"""
