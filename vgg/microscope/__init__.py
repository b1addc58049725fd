"""What `python -m vgg` computes and draws.

`command_line` has the options, `commands` one module for each command, `drawing` shows numbers as images and text.
Read `features`, `ascent`, `causes`, `invert`; then `distance`, `compare`, `image_features`, `feature_cache`, `search`.
"""
