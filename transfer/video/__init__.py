"""Video: a clip in the manner of a painting, without flicker, after Ruder, Dosovitskiy & Brox 2016 (arXiv:1604.08610).

Read in this order:

1. `flow`      where each pixel of a frame comes from, and where that can be trusted
2. `earlier`   several earlier results, warped, as one picture that a frame is compared with; the loss itself is
               `transfer.pixel_losses.TemporalTerm`
3. `cuts`      where a new scene begins, which starts anew
4. `reading`   frames from a video or from a folder of pictures; `chosen` says which of them are wanted
5. `writing`   frames to a video or a folder; `preview` makes a small GIF or WebP, `audio` brings the sound along
6. `flicker`   how much a film flickers
7. `plan`      what a run does, checked before it begins; `run` → `painter` (frame after frame, each tied to the ones
               before) → `frame_store` (each finished frame as a file) → `results`
8. `clip`      a film drawn by code, with its true motion known, for tests and for the README
"""
