"""Several processes or machines, by Dask's `distributed`, which is an optional extra (`make cluster`).

1. `client`   starts workers on this machine, or joins a scheduler that is there
2. `worker`   what runs on a worker: it paints one picture at a time
3. `painters` hands out pictures to workers, for a batch or the scenes of a film
4. `banded`   one picture on all workers together: each has a band of its rows

Nothing else imports Dask but `transfer.apps.batch.dask_maker` and `transfer.apps.video.scenes`.
"""
