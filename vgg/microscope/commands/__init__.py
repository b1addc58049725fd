"""One module for each command of `python -m vgg`; its `run(options)` checks, computes, and prints or draws."""
