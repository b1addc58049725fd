"""`python -m transfer`, and what it shares with the batch, the film and the figures.

`command_line` → `parser` → `named_files` and `options`, or `repeat` with `--from` → `run` → `forecast`, `finish`,
`save`, `outputs` and `record`.

- After each step: `watchers` show it and keep previews, `event_log` writes it for TensorBoard; `watching` says which.
- Stop and go on: `checkpoints` says when the state is written, `state_file` how.
- Recognise: `sources` finds inputs by their digests, `differences` names what is not the same, `kinds` checks what was
  read from JSON.
- `workers` says whether Dask's workers are wanted.
"""
