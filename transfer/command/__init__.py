"""`python -m transfer`.

`command_line` → `parser` → `named_files` and `options` → `run` → `finish`, `outputs` and `record`; `watchers` show the
steps.
"""
