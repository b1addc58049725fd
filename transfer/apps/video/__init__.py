"""Video: a clip in the manner of a painting, without flicker, after Ruder, Dosovitskiy & Brox 2016 (arXiv:1604.08610).

Read in this order:

1. `flow`          where each pixel of a frame comes from, where that can be trusted, where a new scene begins, and
                   several earlier results as one; the loss itself is `transfer.losses.TemporalTerm`
2. `painter`       frame after frame, each tied to the ones before; then the film of them
3. `container`     frames and sound from a video or a folder of pictures, and to one
4. `frame_store`   what a run of a film is, and each finished frame as a file
5. `command_line`  from words to such a run, checked before it begins
"""
