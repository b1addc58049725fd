"""Several processes or machines, by Dask's `distributed`, which is an optional extra (`make cluster`).

1. `client`   starts workers on this machine, or joins a scheduler that is there
2. `worker`   what runs on a worker: it paints one picture at a time (`transfer.apps.batch.dask_maker` hands them out)
3. `banded`   one picture on all workers together: each has a band of its rows

Nothing else imports Dask but `transfer.apps.batch.dask_maker`.
"""
