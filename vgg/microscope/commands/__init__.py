"""One module per command of `python -m vgg`, each with `run(options)`: check, compute, print or draw."""
