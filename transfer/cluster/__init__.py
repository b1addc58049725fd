"""Pictures on several processes or machines, by Dask's `distributed`, which is an optional extra (`make cluster`).

1. `client`    starts workers on this machine, or joins a scheduler that is there
2. `worker`    what runs on a worker: it paints one picture at a time
3. `maker`     hands out the orders of a batch and writes what comes back
4. `bands`     one picture on all workers together: each has a band of its rows

Nothing outside this room imports Dask.
"""
