# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames and movies say that they were edited, and with what."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from inference.media.encode import encode_frame, is_whole
from inference.media.export import MovieExport, export_movie
from inference.media.picture import Picture
from inference.media.provenance import TRAINED, comment_of, marked, xmp_chunk
from inference.worker.frame_writer import FrameWriter


@pytest.fixture
def picture() -> Picture:
    return Picture(np.random.default_rng(1).integers(0, 255, (32, 48, 3), np.uint8))


def written(path: Path, picture: Picture, mark: bytes) -> Path:
    with FrameWriter(lambda path: None, mark) as writer:
        writer.put(path, picture)
    return path


def chunks(data: bytes):
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        content = data[at + 4 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(content)
        yield content[:4]
        at += 12 + length


def test_marked_frame_is_a_whole_png_with_the_same_pixels(tmp_path, picture):
    path = written(tmp_path / "a.png", picture, xmp_chunk("Puppet Warp", trained=False))
    assert list(chunks(path.read_bytes()))[:2] == [b"IHDR", b"iTXt"]
    assert is_whole(path)
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), picture.pixels)


def test_frames_stay_the_same_to_the_byte(tmp_path, picture):
    files = [written(tmp_path / name, picture, xmp_chunk("X", trained=True)) for name in ("a.png", "b.png")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("trained", [False, True])
def test_only_what_a_model_drew_is_marked_as_such(tmp_path, picture, trained):
    path = written(tmp_path / "a.png", picture, xmp_chunk("Tom & Co", trained=trained))
    assert comment_of(path).startswith("Edited with Talking Head (Tom & Co)")
    assert (TRAINED in comment_of(path)) is trained


def test_file_without_a_mark_says_nothing(tmp_path, picture):
    path = tmp_path / "a.png"
    path.write_bytes(encode_frame(picture))
    assert comment_of(path) == ""


def test_other_text_is_not_taken_for_the_mark(tmp_path, picture):
    content = b"iTXtComment" + bytes(5) + b"hello"
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    path = tmp_path / "a.png"
    path.write_bytes(marked(encode_frame(picture), chunk))
    assert comment_of(path) == ""


@pytest.mark.parametrize("codec, suffix", [("h264", ".mp4"), ("ffv1", ".mkv"), ("prores4444", ".mov")])
def test_movie_says_what_its_frames_say(tmp_path, picture, codec, suffix):
    frame = written(tmp_path / "a.png", picture, xmp_chunk("LivePortrait", trained=True))
    output = tmp_path / f"out{suffix}"
    export_movie(MovieExport((frame,) * 3, Fraction(24), codec, output))
    with av.open(str(output)) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
    assert tags["comment"] == comment_of(frame)
