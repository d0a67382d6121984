# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Movies: the right picture for every index, from every container, in any order."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from movies import HEIGHT, WIDTH, number_of, numbered_pixels, write_movie

from inference.errors import ErrorCode, TalkingHeadError
from inference.media.digests import Digests
from inference.media.movies import MovieReader, read_index
from inference.media.picture import Alpha
from inference.media.reader import open_source
from inference.source import Source, SourceKind

NTSC = Fraction(30000, 1001)
B_FRAMES = {"bf": "3", "g": "12"}
OPEN_GOP = {"x265-params": "log-level=none:keyint=12:bframes=4:open-gop=1"}

# file name, rate, encoder, options, first stamp
KINDS = [
    ("ntsc.mp4", NTSC, "libx264", B_FRAMES, 0),
    ("millisecond ticks.mkv", NTSC, "libx264", B_FRAMES, 0),
    ("late start.mp4", Fraction(24), "mpeg4", {"bf": "2", "g": "10"}, 7),
    ("stream.ts", Fraction(25), "libx264", {"bf": "3", "g": "15"}, 0),
    ("hidden pictures.webm", NTSC, "libvpx-vp9", {"g": "20", "lag-in-frames": "10"}, 0),
    ("packed.avi", Fraction(25), "mpeg4", {"bf": "2", "g": "10"}, 0),
    ("film.mov", Fraction(24000, 1001), "prores_ks", {}, 0),
    ("no stamps.h264", Fraction(25), "libx264", B_FRAMES, 0),
    ("open groups.mp4", Fraction(25), "libx265", OPEN_GOP, 3),
]

WITH_ALPHA = [
    ("a.mov", "prores_ks", "yuva444p10le", 65535),
    ("a.webm", "libvpx-vp9", "yuva420p", 255),
    ("a.mkv", "ffv1", "bgra", 255),
]


def reader_of(path: Path) -> MovieReader:
    return MovieReader(path, Digests())


@pytest.mark.parametrize(("name", "rate", "codec", "options", "start"), KINDS, ids=[kind[0] for kind in KINDS])
def test_every_index_gives_its_picture(tmp_path, name, rate, codec, options, start):
    path = tmp_path / name
    write_movie(
        path, rate, 100, codec, options, "yuv422p10le" if codec == "prores_ks" else "yuv420p",
        [start + number for number in range(100)],
    )  # fmt: skip
    reader = reader_of(path)
    assert len(reader) == 100
    assert reader.rate == rate
    assert reader.size() == (WIDTH, HEIGHT)
    assert [number_of(reader.read(index).pixels) for index in range(100)] == list(range(100))
    order = np.random.default_rng(3).permutation(100).tolist()
    assert [number_of(reader.read(index).pixels) for index in order] == order
    assert number_of(reader.read(5000).pixels) == 99


def test_varying_rate_shows_the_last_picture_that_is_not_later(tmp_path):
    stamps = [0, 1, 2, 6, 7, 10, 11, 12, 13, 20]
    path = tmp_path / "a.mp4"
    write_movie(path, Fraction(25), len(stamps), stamps=stamps, options={"bf": "2"})
    index = read_index(path)
    reader = reader_of(path)
    for picture in range(len(reader)):
        tick = picture / index.rate * 25
        expected = max(number for number, stamp in enumerate(stamps) if stamp <= tick)
        assert number_of(reader.read(picture).pixels) == expected, picture


def test_reading_on_does_not_seek(tmp_path, monkeypatch):
    write_movie(tmp_path / "a.mp4", NTSC, 60, options={"bf": "2", "g": "7"})
    reader = reader_of(tmp_path / "a.mp4")
    starts = []
    start = reader._start
    monkeypatch.setattr(reader, "_start", lambda key: (starts.append(key), start(key)))
    for index in range(60):
        reader.read(index)
    assert len(starts) == 1


def display_matrix(degrees: int) -> bytes:
    """The 36 bytes of a track header's matrix that turns the picture clockwise (ISO/IEC 14496-12, 6.2.2)."""
    a, b, c, d = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees]
    values = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return b"".join(value.to_bytes(4, "big", signed=True) for value in values)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation(tmp_path, degrees):
    path = tmp_path / "a.mp4"
    write_movie(path, Fraction(25), 150)
    upright = reader_of(path).read(141).pixels
    content = path.read_bytes()
    # The first such matrix is the movie header's, the second the track's.
    place = content.index(display_matrix(0), content.index(display_matrix(0)) + 36)
    path.write_bytes(content[:place] + display_matrix(degrees) + content[place + 36 :])
    reader = reader_of(path)
    pixels = reader.read(141).pixels
    assert reader.size() == ((HEIGHT, WIDTH) if degrees != 180 else (WIDTH, HEIGHT))
    assert np.array_equal(pixels, np.rot90(upright, -degrees // 90))


@pytest.mark.parametrize("matrix", ["ITU709", "ITU601"])
@pytest.mark.parametrize("full_range", [False, True])
def test_colour_matrix_and_range(tmp_path, matrix, full_range):
    colours = np.array([[13, 20, 33], [120, 150, 200], [128, 128, 128], [0, 0, 255], [255, 255, 255], [200, 60, 30]])
    pixels = np.repeat(np.repeat(colours.astype(np.uint8)[None], 16, axis=1), 32, axis=0)
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 96, 32, "yuv444p"
        context = stream.codec_context
        context.colorspace = 1 if matrix == "ITU709" else 5
        context.color_range = 2 if full_range else 1
        frame = av.VideoFrame.from_ndarray(pixels, "bgr24").reformat(
            format="yuv444p", dst_colorspace=getattr(Colorspace, matrix), src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
        )  # fmt: skip
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    seen = reader_of(path).read(0).pixels[16, 8::16].astype(int)
    assert np.abs(seen - colours).max() <= 4


def test_ten_bits_become_sixteen(tmp_path):
    write_movie(tmp_path / "a.mov", Fraction(24), 3, "prores_ks", {}, "yuv422p10le")
    picture = reader_of(tmp_path / "a.mov").read(2)
    assert picture.pixels.dtype == np.uint16
    assert picture.alpha is Alpha.NONE


@pytest.mark.parametrize(("name", "codec", "pixel_format", "depth"), WITH_ALPHA)
def test_alpha(tmp_path, name, codec, pixel_format, depth):
    pixels = np.dstack([numbered_pixels(9), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    pixels[: HEIGHT // 2, :, 3] = 64
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        if codec == "prores_ks":
            stream.options = {"profile": "4444"}
        if codec == "libvpx-vp9":
            stream.metadata["alpha_mode"] = "1"
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(pixels, "bgra").reformat(format=pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    picture = reader_of(tmp_path / name).read(3)
    assert picture.alpha is Alpha.STRAIGHT
    assert number_of(picture.pixels) == 9
    assert abs(int(picture.pixels[4, 4, 3]) - depth * 64 / 255) < depth * 0.02
    assert picture.pixels[HEIGHT - 4, 4, 3] > depth * 0.98


def test_names_and_digest(tmp_path):
    write_movie(tmp_path / "a.mp4", NTSC, 5)
    odd = tmp_path / "影片 🎬 %03d.mp4"
    shutil.copy(tmp_path / "a.mp4", odd)
    reader = open_source(Source(SourceKind.MOVIE, (str(odd),)))
    assert number_of(reader.read(4).pixels) == 4
    assert reader.digest(0) == reader.digest(3) == reader_of(tmp_path / "a.mp4").digest(0)
    assert reader.extension(0) == ".png"


def code_of(path: Path) -> ErrorCode:
    with pytest.raises(TalkingHeadError) as caught:
        reader_of(path).read(0)
    return caught.value.code


def test_damaged_movies(tmp_path):
    assert code_of(tmp_path / "none.mp4") is ErrorCode.SOURCE_MISSING
    (tmp_path / "empty.mp4").touch()
    assert code_of(tmp_path / "empty.mp4") is ErrorCode.SOURCE_UNREADABLE
    (tmp_path / "text.mp4").write_text("no movie")
    assert code_of(tmp_path / "text.mp4") is ErrorCode.SOURCE_UNREADABLE
    write_movie(tmp_path / "a.mp4", NTSC, 30)
    content = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    assert code_of(tmp_path / "cut.mp4") is ErrorCode.SOURCE_UNREADABLE


def test_sound_alone_is_no_movie(tmp_path):
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    assert code_of(tmp_path / "a.wav") is ErrorCode.UNSUPPORTED_INPUT


def test_a_cut_stream_gives_what_is_there(tmp_path):
    write_movie(tmp_path / "a.mkv", NTSC, 60, options={"g": "10"})
    content = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])
    reader = reader_of(tmp_path / "cut.mkv")
    assert 5 < len(reader) < 60
    assert number_of(reader.read(3).pixels) == 3
