"""Where the weights of VGG-19 come from; the `.mat` files live in this folder.

Read `choice` (which file a run uses), `load` (reads it, learns it first if need be), `verify` with `fingerprint` and
`published` (what a file is), then the rooms `download` and `learn`. `python -m weights` starts in `command_line`.
"""
