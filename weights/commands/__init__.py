"""The commands of `python -m weights`, one file each: `add_…` adds its options, `run_…` does it."""
