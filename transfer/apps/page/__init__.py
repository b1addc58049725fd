"""A page in the browser, `python -m transfer.page`: everything the command line does for one picture.

command_line    the server: this machine only, who may ask, Ctrl-C
layout          what is on the page, and which handler gets which controls
handlers        what happens at each click
runs            one picture after the other, made by the command line's driver
folder          uploads and results on disk
settings        what is set on the page, as words of `python -m transfer`, and back from a record
"""
