"""What `python -m vgg` computes and draws; `commands` has one module per command, which checks, prints and writes.

Computed here:

- `layer_table`                    shapes and costs of every layer, without running it
- `features`                       which maps of a layer answer, and how sparsely
- `ascent`                         the picture that a channel answers to most
- `causes`                         the strongest activations and, by the deconvnet, what caused them
- `invert`                         the picture from one layer's maps
- `search`, `feature_cache`        the nearest pictures, each looked at once
- `compare`, `distance`            where two pictures differ

Drawn and said: `drawing`, `bar_chart`, `text_table`. What all commands begin with: `inputs`.
"""
