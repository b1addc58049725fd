"""Video: a clip in the manner of a painting, without flicker, after Ruder, Dosovitskiy & Brox 2016 (arXiv:1604.08610).

Read in this order:

1. `flow`          where each pixel of a frame comes from, where that can be trusted, where a new scene begins; the loss
                   itself is `transfer.losses.TemporalTerm`
2. `trace`         the way back from a frame to many earlier ones
3. `carry`         what a frame starts from: earlier results resampled once, and painted colours for what is new
4. `painter`       frame after frame, each tied to the ones before; then the film of them
5. `scenes`        the scenes of a film side by side, by Dask's workers
6. `container`     frames and sound from a video or a folder of pictures, and to one
7. `frame_store`   what a run of a film is, and each finished frame as a file
8. `command_line`  from words to such a run, checked before it begins
"""
