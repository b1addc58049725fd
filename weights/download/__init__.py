"""The download of the published file, which continues where it was interrupted and checks the digest.

Read `sources` (addresses and digests), `download` (the whole), `fetch` (one address), `request` and `answer` (one HTTP
request), `partial` (the file on the disk) and `display`.
"""
