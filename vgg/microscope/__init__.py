"""What `python -m vgg` computes and draws: `commands` has one module per command, beside it lies what they share."""
