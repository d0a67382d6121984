# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Movies from frame files: what comes back when they are read again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from inference.errors import ErrorCode, TalkingHeadError
from inference.media.digests import Digests
from inference.media.encode import write_frame
from inference.media.export import MovieExport, export_movie
from inference.media.movies import MovieReader
from inference.media.picture import Alpha, Picture

NTSC = Fraction(30000, 1001)
SIZE = (67, 45)


def smooth(number: int, channels: int = 3) -> np.ndarray:
    """Soft colours, so that halved colour planes lose little; alpha falls from top to bottom."""
    x, y = np.meshgrid(np.linspace(60, 200, SIZE[0]), np.linspace(60, 200, SIZE[1]))
    pixels = np.dstack([x, y, np.full_like(x, 60 + 4 * number), 255 - y])
    return pixels[..., :channels].round().astype(np.uint8)


def frames(folder: Path, kind: str, count: int = 8) -> tuple[list[Path], list[np.ndarray]]:
    """Frame files and their pixels as they should be seen."""
    paths, pictures = [], []
    for number in range(count):
        pixels = smooth(number, 4 if "a" in kind else 3)
        alpha = Alpha.STRAIGHT if "a" in kind else Alpha.NONE
        if kind.startswith("16"):
            pixels = pixels.astype(np.uint16) * 257 - 5
        picture = Picture(pixels, alpha)
        if kind == "exr":
            picture = Picture((pixels / np.float32(255)) ** np.float32(2.2))
        paths.append(folder / f"{kind}-{number}{picture.extension}")
        write_frame(picture, paths[-1])
        pictures.append(pixels)
    return paths, pictures


def exported(folder: Path, name: str, codec: str, paths: list[Path], **more: object) -> MovieReader:
    export_movie(MovieExport(tuple(paths), NTSC, codec, folder / name, **more))
    reader = MovieReader(folder / name, Digests())
    assert len(reader) == len(paths)
    assert reader.rate == NTSC
    return reader


@pytest.mark.parametrize("kind", ["8", "8a", "16", "16a"])
def test_ffv1_is_lossless(tmp_path, kind):
    paths, pictures = frames(tmp_path, kind)
    reader = exported(tmp_path, "a.mkv", "ffv1", paths)
    for number, expected in enumerate(pictures):
        assert np.array_equal(reader.read(number).pixels, expected)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_h264_pads_odd_sides_and_keeps_colours(tmp_path, name):
    paths, pictures = frames(tmp_path, "8")
    reader = exported(tmp_path, name, "h264", paths)
    assert reader.size() == (68, 46)
    for number, expected in enumerate(pictures):
        difference = reader.read(number).pixels[:45, :67].astype(float) - expected
        assert np.abs(difference).mean() < 2.5
        if number == 0:  # later pictures follow slow changes of colour late, which is the codec's affair
            assert np.abs(difference.mean(axis=(0, 1))).max() < 1.0


def test_h264_shows_alpha_over_black(tmp_path):
    paths, pictures = frames(tmp_path, "8a")
    reader = exported(tmp_path, "a.mp4", "h264", paths)
    expected = pictures[5][..., :3] * (pictures[5][..., 3:] / 255)
    assert np.abs(reader.read(5).pixels[:45, :67] - expected).mean() < 2.0


@pytest.mark.parametrize("kind", ["8", "8a", "16a"])
def test_prores_keeps_alpha_and_colours(tmp_path, kind):
    paths, pictures = frames(tmp_path, kind)
    reader = exported(tmp_path, "a.mov", "prores4444", paths)
    read = reader.read(6).pixels / 65535
    expected = pictures[6] / np.iinfo(pictures[6].dtype).max
    assert read.shape == expected.shape
    assert np.abs(read - expected).mean() < 0.006
    if "a" in kind:
        assert np.abs(read[..., 3] - expected[..., 3]).max() < 0.005


def test_scene_linear_frames_get_the_srgb_curve(tmp_path):
    paths, _ = frames(tmp_path, "exr")
    reader = exported(tmp_path, "a.mkv", "ffv1", paths)
    linear = (smooth(3) / 255) ** 2.2
    expected = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(reader.read(3).pixels / 65535 - expected).max() < 1e-4


def sound(path: Path, seconds: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44100, layout="mono")
        wave = (np.sin(np.arange(44100 * seconds) / 20) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None], "s16", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "h264"), ("a.mkv", "ffv1"), ("a.mov", "prores4444")])
def test_sound_is_cut_at_the_end_of_the_movie(tmp_path, name, codec):
    paths, _ = frames(tmp_path, "8", 30)
    exported(tmp_path, name, codec, paths, sound=sound(tmp_path / "s.wav", 3))
    with av.open(str(tmp_path / name)) as container:
        decoded = list(container.decode(audio=0))
        length = sum(frame.samples for frame in decoded) / container.streams.audio[0].rate
    assert abs(length - 30 / NTSC) < 0.06
    assert max(np.abs(frame.to_ndarray()).max() for frame in decoded) > 0


@pytest.mark.parametrize("rate", ["23.976023976023976", "123456789012345/4938271560493"])
def test_a_rate_that_ffmpeg_cannot_hold_is_the_nearest_one(tmp_path, rate):
    paths, _ = frames(tmp_path, "8", 3)
    export_movie(MovieExport(tuple(paths), Fraction(rate), "h264", tmp_path / "a.mp4"))
    reader = MovieReader(tmp_path / "a.mp4", Digests())
    assert len(reader) == 3
    assert abs(reader.rate - Fraction(rate)) < 1e-6


def error_of(export: MovieExport) -> ErrorCode:
    with pytest.raises(TalkingHeadError) as caught:
        export_movie(export)
    assert not list(export.output.parent.glob(".*.part"))
    return caught.value.code


def test_what_is_refused(tmp_path):
    paths, _ = frames(tmp_path, "8", 2)
    some = tuple(paths)
    assert error_of(MovieExport(some, NTSC, "vhs", tmp_path / "a.mp4")) is ErrorCode.INVALID_REQUEST
    assert error_of(MovieExport(some, NTSC, "ffv1", tmp_path / "a.mp4")) is ErrorCode.INVALID_REQUEST
    assert error_of(MovieExport((), NTSC, "h264", tmp_path / "a.mp4")) is ErrorCode.INVALID_REQUEST
    missing = (*some, tmp_path / "none.png")
    assert error_of(MovieExport(missing, NTSC, "h264", tmp_path / "a.mp4")) is ErrorCode.SOURCE_MISSING
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((4, 4, 3), np.uint8))
    differing = (*some, tmp_path / "small.png")
    assert error_of(MovieExport(differing, NTSC, "h264", tmp_path / "a.mp4")) is ErrorCode.UNSUPPORTED_INPUT
    no_sound = MovieExport(some, NTSC, "h264", tmp_path / "a.mp4", sound=paths[0])
    assert error_of(no_sound) is ErrorCode.UNSUPPORTED_INPUT
    no_folder = MovieExport(some, NTSC, "h264", tmp_path / "none" / "a.mp4")
    assert error_of(no_folder) is ErrorCode.OUTPUT_NOT_WRITABLE
    assert not (tmp_path / "a.mp4").exists()


def test_giving_up_keeps_the_old_movie(tmp_path):
    paths, _ = frames(tmp_path, "8", 6)
    (tmp_path / "a.mp4").write_bytes(b"old")

    def step(done: int) -> None:
        if done == 3:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError):
        export_movie(MovieExport(tuple(paths), NTSC, "h264", tmp_path / "a.mp4"), step)
    assert (tmp_path / "a.mp4").read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))
