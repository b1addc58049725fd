"""Films as files: frames from a video or a folder of pictures; frames and sound to a video, by FFmpeg through PyAV.

A frame is uint8 (H, W, 3), RGB, upright. One at a time is in memory, however long the film. What is written:

    .mp4 .mov .m4v   H.264 and AAC          browsers and phones play it
    .webm            VP9 and Opus           browsers play it
    .avi             Motion JPEG and PCM    each frame by itself, for programs that cut films
    .mkv             FFV1 and FLAC          lossless, the largest by far

All but the last keep colours at half the resolution and so need even sides: an odd one gets its last row or column
twice. The encoders run in one thread and write neither a date nor a random number: the same frames give the same bytes.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from itertools import chain, islice, repeat, takewhile
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from transfer.inputs import ENDINGS, pictures_in
from vgg.errors import InputError, typed
from vgg.tools.console import Say
from vgg.tools.files import atomic_write, check_place, open_file, unreadable
from vgg.tools.image import read_image, resize_to

try:
    import av
except ImportError:  # optional: from a folder of pictures to a folder of frames it is not needed
    av = None

#: Frames per second of a folder of pictures, and of a video that does not say.
USUAL_FPS = 24.0
#: Frames per second above which a file's figure is nonsense, such as the 90000 of some streams.
FASTEST = 1000.0
#: By how much the proportions of a folder's pictures may differ: a pixel of rounding, and no more.
SAME_SHAPE = 0.01
#: Frames: 0.1 s times 30 per second can be a little more or less than 3.
ROUNDING = 1e-6
#: Seconds between two frames from which on the clock of the file is not believed.
LONGEST_PAUSE = 60.0
#: Samples of sound per second; Opus has no other rate near it.
SOUND_RATE = 48000


class Format(NamedTuple):
    """What is in the files with one ending, in FFmpeg's words."""

    container: str
    codec: str
    pixels: str
    options: dict[str, str]  # of the codec
    sound: str


_H264 = Format("mp4", "libx264", "yuv420p", {"crf": "18", "preset": "medium"}, "aac")
FORMATS = {
    ".mp4": _H264,
    ".mov": _H264._replace(container="mov"),
    ".m4v": _H264,
    ".webm": Format("webm", "libvpx-vp9", "yuv420p", {"crf": "24", "b": "0"}, "libopus"),
    ".avi": Format("avi", "mjpeg", "yuvj420p", {"qmin": "2", "qmax": "2"}, "pcm_s16le"),
    ".mkv": Format("matroska", "ffv1", "bgr0", {}, "flac"),
}
#: BT.709 with 16 to 235, which players expect of a video; in FFmpeg's numbers.
VIDEO_COLORS, VIDEO_RANGE = 1, 1


@dataclass(frozen=True)
class Chosen:
    """A part of a film. Times are in seconds, because players show seconds; what is left out between is counted."""

    start: float = 0.0  # seconds
    end: float | None = None  # seconds, not included; None: to the end of the film
    every: int = 1  # each second frame, each third, …: the film then has fewer frames, and is as long as before

    def check(self, length: float | None) -> None:
        """Raise InputError unless a film of `length` seconds, None if its file does not say, can have such a part."""
        if not self.start >= 0:
            raise InputError(f"--start is {self.start:g}, expected 0 seconds or more; choose another")
        if self.end is not None and not self.end > self.start:
            raise InputError(f"--end is {self.end:g} and --start {self.start:g} seconds, expected a later end")
        if length is not None and self.start >= length:
            raise InputError(
                f"--start is {self.start:g} seconds, but the film has only {length:.4g}; choose an earlier start"
            )

    def numbers(self, fps: float, count: int) -> range:
        """Return the numbers of the chosen frames, counted from 0, of a film of at most `count` frames.

        Frame n is shown from n / fps on. The first frame is the one that is shown at `start`.
        """
        first = floor(self.start * fps + ROUNDING)
        stop = count if self.end is None else min(count, ceil(self.end * fps - ROUNDING))
        return range(first, max(stop, first), self.every)


class Sound(NamedTuple):
    """A part of a video's sound, if it has any."""

    path: Path
    start: float  # seconds on the video's own clock
    length: float  # seconds


@dataclass(frozen=True)
class Film:
    """A part of a film, as `open_film` returns it."""

    path: Path
    chosen: Chosen
    read_fps: float  # frames per second in the file
    height: int  # of all frames, in pixels: that of the first one in the file
    width: int
    claimed: int | None  # frames in the file; a video's figure may be wrong, None if it has none
    pictures: tuple[str, ...] = ()  # their names, if `path` is a folder
    first_time: float = 0.0  # seconds: when the file's clock shows the first frame

    @property
    def fps(self) -> float:
        """Return the frames per second of the chosen frames."""
        return self.read_fps / self.chosen.every

    @property
    def count(self) -> int | None:
        """Return how many frames are chosen: exact for a folder, else as the file claims, None if it does not."""
        return None if self.claimed is None else len(self.chosen.numbers(self.read_fps, self.claimed))

    def sound(self, length: float) -> Sound | None:
        """Return where the sound of `length` seconds from the first chosen frame on is; None for a folder."""
        first = self.chosen.numbers(self.read_fps, sys.maxsize).start
        return None if self.pictures else Sound(self.path, self.first_time + first / self.read_fps, length)

    def frames(self, skip: int = 0) -> Iterator[np.ndarray]:
        """Yield the chosen frames, all but the first `skip` of them; those of another size at that of the first one."""
        most = len(self.pictures) if self.pictures else sys.maxsize  # a video's claim is not to be trusted
        numbers = self.chosen.numbers(self.read_fps, most)[skip:]
        images = self._from_folder(numbers) if self.pictures else self._from_video(numbers)
        return (resize_to(image, self.height, self.width) for image in images)

    def _from_folder(self, numbers: range) -> Iterator[np.ndarray]:
        for number in numbers:
            picture = self.path / self.pictures[number]
            image = read_image(picture)
            height, width = image.shape[:2]
            if abs(height * self.width / (width * self.height) - 1) > SAME_SHAPE:
                raise InputError(
                    f"{picture} has {width} × {height} pixels and the first picture {self.width} × {self.height}, "
                    "expected the same proportions; crop it, or leave it out"
                )
            yield image

    def _from_video(self, numbers: range) -> Iterator[np.ndarray]:
        with _opened(self.path) as container:
            # Frame by frame from the start: in many files a jump lands beside the frame, or fails.
            for number, frame in _evenly_timed(_decoded(container), self.read_fps):
                if number >= numbers.stop:
                    return
                if number in numbers:
                    yield _upright(frame)


def open_film(path: Path | str, chosen: Chosen = Chosen()) -> Film:
    """Return the chosen part of a video, or of a folder of pictures sorted by name, 2 before 10.

    Raises InputError if it is missing, no video, or damaged, if fewer than two frames are chosen, or without PyAV.
    """
    path = Path(path)
    film = _open_folder(path, chosen) if os.path.isdir(path) else _open_video(path, chosen)
    chosen.check(None if film.claimed is None else film.claimed / film.read_fps)
    count = sum(1 for _ in islice(film.frames(), 2))
    if count < 2:
        fault = f"of {path} {'one frame' if count else 'no frame'} is chosen"
        raise InputError(f"{fault}, expected a film of two at least; use `{typed('transfer')}` for a picture")
    return film


def _open_folder(path: Path, chosen: Chosen) -> Film:
    names = tuple(pictures_in(str(path)))
    if not names:
        raise InputError(f"{path} has no pictures, expected frames that end in {', '.join(ENDINGS)}; name another")
    height, width = read_image(path / names[0]).shape[:2]
    return Film(path, chosen, USUAL_FPS, height, width, len(names), names)


def _open_video(path: Path, chosen: Chosen) -> Film:
    with _opened(path) as container:
        frame = next(_decoded(container), None)
        if frame is None or container.format.name.endswith("_pipe"):
            fault = "has no frame that can be decoded" if frame is None else "is a picture"
            raise InputError(f"{path} {fault}, expected a video or a folder of frames; convert it to .mp4")
        stream = container.streams.best("video")
        average, base = float(stream.average_rate or 0), float(stream.base_rate or 0)
        # The average of a phone's film is 29.97 or 30.02, where its clock ticks at 30.
        fps = base if abs(base - average) < 0.01 * average else average
        fps = fps if 0 < fps <= FASTEST else USUAL_FPS
        seconds = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
    height, width = _upright(frame).shape[:2]
    return Film(path, chosen, fps, height, width, round(seconds * fps) or None, first_time=frame.time or 0.0)


def _opened(path: Path) -> "av.container.InputContainer":
    """Return an open video with a stream of pictures; raise InputError if it is none."""
    require_av(path)
    try:
        open_file(path).close()
    except OSError as error:
        raise unreadable(path, error) from None
    try:
        # The prefix: a name with a colon is no protocol. The option: no playlist reads from the network.
        options = {"protocol_whitelist": "file"}
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
        stream = container.streams.best("video")  # not the picture on the cover
        if stream and stream.codec_context:
            return container
        container.close()
    except (av.FFmpegError, OSError):
        pass
    raise InputError(f"{path} is no video that can be read, expected one or a folder of frames; convert it to .mp4")


def _decoded(container: "av.container.InputContainer") -> Iterator["av.VideoFrame"]:
    """Yield the frames in the order in which they are shown; what is damaged is left out."""
    packets = container.demux(container.streams.best("video"))
    while True:
        try:
            yield from next(packets).decode()
        except StopIteration:
            return
        except av.FFmpegError:
            continue


def _evenly_timed(frames: Iterable["av.VideoFrame"], fps: float) -> Iterator[tuple[int, "av.VideoFrame"]]:
    """Yield each frame with its number at `fps` frames a second, as the result has them, in step with the sound.

    So a frame that is shown for long comes several times, and one that is shown too shortly is left out.
    """
    shown, shown_time, number, start = None, None, -1, 0.0
    for frame in frames:
        following = number + 1
        if frame.time is not None:
            # Where the clock begins, or jumps, the frame is simply the next one.
            if shown_time is None or not 0 <= frame.time - shown_time <= LONGEST_PAUSE:
                start = frame.time - following / fps
            shown_time = frame.time
            following = round((frame.time - start) * fps)
        if shown is not None:
            yield from zip(range(number, following), repeat(shown))
        shown, number = frame, following
    if shown is not None:
        yield number, shown


def _upright(frame: "av.VideoFrame") -> np.ndarray:
    """Return a decoded frame as a phone's rotation flag wants it, uint8 (H, W, 3) RGB."""
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)))


def require_av(path: Path) -> None:
    """Raise InputError unless PyAV is installed, without which the video `path` can be neither read nor written."""
    if av is None:
        raise InputError(f"{path} is a video, for which PyAV (`av`) is not installed; get it: make video FILM=…")


def is_folder(path: Path) -> bool:
    """Return whether an output of this name is a folder of frames: it is one already, or has no ending."""
    return os.path.isdir(path) or not path.suffix


def frame_place(folder: Path, number: int) -> Path:
    """Return where the frame with this number, counted from 0, is in a folder: 00001.png is the first."""
    return folder / f"{number + 1:05}.png"


def check_film_output(path: Path) -> None:
    """Raise InputError unless a film can be written to `path`, so that a long run does not fail at its end."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"the output {path} ends in {path.suffix!r}, expected one of {', '.join(FORMATS)}, or no ending for a "
            "folder of frames; change its ending"
        )
    require_av(path)
    file_format = FORMATS[path.suffix.lower()]
    if missing := {file_format.codec, file_format.sound} - av.codecs_available:
        raise InputError(f"{path} cannot be written: PyAV has no {' and no '.join(missing)}; choose another ending")
    check_place(path)


def write_film(
    path: Path, frames: Iterable[np.ndarray], fps: float, sound: Sound | None = None, say: Say = print
) -> None:
    """Write a video file that ends in one of `FORMATS`, whole or not at all; the parent folder is created.

    The frames are uint8 (H, W, 3) RGB, at least one, all of one size, `fps` a second. If the sound, or the end of it,
    cannot be had, the film is written without, and `say` gets a line. Raises InputError if the frames do not suit the
    encoder, or the disk is full or write-protected.
    """
    file_format = FORMATS[path.suffix.lower()]
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if file_format.sound == "aac" else {})
    with atomic_write(path) as unfinished:
        name = f"file:{unfinished.absolute()}"
        try:
            with av.open(name, "w", format=file_format.container, container_options=options) as container:
                packets = [_video_packets(container, file_format, frames, fps)]
                if sound:
                    packets.append(_sound_packets(container, file_format, sound, say))
                # `merge` takes the first packet of both, which adds their streams, before the file's header is written.
                for packet in merge(*packets, key=lambda packet: packet.dts * packet.time_base):
                    container.mux(packet)
        except av.FFmpegError as error:
            if isinstance(error, OSError):  # a full disk: `atomic_write` says what to do
                raise
            raise InputError(f"{path} cannot be written, FFmpeg says: {error.strerror}; choose a folder") from None


def _video_packets(
    container: "av.container.OutputContainer", file_format: Format, frames: Iterable[np.ndarray], fps: float
) -> Iterator["av.Packet"]:
    rate = Fraction(fps).limit_denominator(1001)
    stream = None
    for number, image in enumerate(frames):
        if file_format.pixels != "bgr0":
            image = np.pad(image, ((0, image.shape[0] % 2), (0, image.shape[1] % 2), (0, 0)), mode="edge")
        if stream is None:
            stream = container.add_stream(file_format.codec, rate=rate, options=file_format.options)
            stream.height, stream.width = image.shape[:2]
            stream.pix_fmt, stream.codec_context.thread_count = file_format.pixels, 1
            if file_format.pixels == "yuv420p":
                stream.codec_context.colorspace = stream.codec_context.color_primaries = VIDEO_COLORS
                stream.codec_context.color_trc, stream.codec_context.color_range = VIDEO_COLORS, VIDEO_RANGE
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        if file_format.pixels == "yuv420p":
            frame = frame.reformat(format="yuv420p", dst_colorspace=VIDEO_COLORS, dst_color_range=VIDEO_RANGE)
        frame.pts, frame.time_base = number, 1 / rate
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound_packets(
    container: "av.container.OutputContainer", file_format: Format, sound: Sound, say: Say
) -> Iterator["av.Packet"]:
    """Yield the packets of the sound, encoded anew, so that it begins and ends at any time and fits into any file."""
    end = sound.start + sound.length
    # Silence is put where the sound begins late or has a gap, so that it stays in step.
    filters = [("atrim", f"start={sound.start:.6f}:end={end:.6f}"), ("asetpts", f"PTS-{sound.start:.6f}/TB")]
    filters += [("aresample", "async=1:first_pts=0"), ("abuffersink", None)]
    try:
        with _opened(sound.path) as source:
            track, graph = source.streams.best("audio"), av.filter.Graph()
            if track is None:
                return
            graph.link_nodes(graph.add_abuffer(template=track), *(graph.add(*words) for words in filters)).configure()
            stream = container.add_stream(file_format.sound, rate=SOUND_RATE, layout="stereo")
            heard = takewhile(lambda frame: frame.time is None or frame.time < end, source.decode(track))
            for frame in chain(heard, [None]):
                graph.push(frame)
                for part in _pulled(graph):
                    yield from stream.encode(part)
            yield from stream.encode(None)
    except (av.FFmpegError, InputError) as error:
        say(f"the sound of {sound.path} is missing or ends early ({error})")


def _pulled(graph: "av.filter.Graph") -> Iterator["av.AudioFrame"]:
    """Yield the frames that a graph of filters has ready."""
    with suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            yield graph.pull()
