"""Every choice of a style transfer as data; a recipe holds no files and no numbers of a particular machine.

`choices` says what a recipe is, `ours` has the default and the paper's, `systems` those of other programs (in
`torch_systems` and `tensorflow_systems`); `table` prints them side by side.
"""
