"""The download of the published file: resumed where it broke off, and believed only if its digest agrees.

Read `download` first. `request` is one HTTP request, `partial` the file on the disk, `sources` addresses and digests.
"""
