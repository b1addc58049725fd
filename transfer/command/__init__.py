"""`python -m transfer`: `command_line` → `options` → `run` → `outputs` and `record`; `watchers` show the steps."""
