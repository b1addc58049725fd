"""One run of the command line: `options` → `run` → `outputs` and `record`; `watchers` show the steps."""
