# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources by index, decoding ahead, digests."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.errors import ErrorCode, TalkingHeadError
from inference.media import digests as digest_module
from inference.media.digests import Digests
from inference.media.encode import write_frame
from inference.media.picture import Alpha, Picture
from inference.media.prefetch import PrefetchingReader, reduced
from inference.media.reader import SourceReader, open_source
from inference.source import Source, SourceKind


def sequence(folder: Path, count: int = 12) -> Source:
    for number in range(count):
        write_frame(Picture(np.full((6, 8, 3), number, np.uint8)), folder / f"{number}.png")
    return Source(SourceKind.SEQUENCE, tuple(str(folder / f"{number}.png") for number in range(count)))


def test_sequence(tmp_path):
    reader = open_source(sequence(tmp_path))
    assert len(reader) == 12
    assert reader.size() == (8, 6)
    assert reader.rate is None
    assert [int(reader.read(index).pixels[0, 0, 0]) for index in (0, 5, 11, 99)] == [0, 5, 11, 11]
    assert reader.digest(1) != reader.digest(2)
    assert reader.extension(3) == ".png"


def test_the_nearest_file_stands_for_one_that_is_not_there(tmp_path):
    whole = sequence(tmp_path)
    for number in (0, 1, 2, 6, 8, 11):
        (tmp_path / f"{number}.png").unlink()
    reader = open_source(replace(whole, gaps=True))
    assert len(reader) == 12 and reader.size() == (8, 6) and reader.extension(0) == ".png"
    shown = [3, 3, 3, 3, 4, 5, 5, 7, 7, 9, 10, 10]
    assert [int(reader.read(index).pixels[0, 0, 0]) for index in range(12)] == shown
    assert [reader.digest(index) for index in range(12)] == [reader.digest(number) for number in shown]
    write_frame(Picture(np.full((6, 8, 3), 8, np.uint8)), tmp_path / "8.png")  # as Blender may meanwhile
    assert reader.read(8).pixels[0, 0, 0] == 8
    for without in (whole, replace(whole, files=whole.files[:3], gaps=True)):
        with pytest.raises(TalkingHeadError) as caught:
            open_source(without)
        assert caught.value.code is ErrorCode.SOURCE_MISSING and "0.png" in caught.value.message


def test_one_picture(tmp_path):
    sequence(tmp_path)
    reader = open_source(Source(SourceKind.IMAGE, (str(tmp_path / "3.png"),)))
    assert len(reader) == 1
    assert reader.read(7).pixels[0, 0, 0] == 3
    with pytest.raises(TalkingHeadError) as caught:
        open_source(Source(SourceKind.IMAGE, (str(tmp_path / "none.png"),)))
    assert caught.value.code is ErrorCode.SOURCE_MISSING


def test_floating_pictures_become_exr(tmp_path):
    write_frame(Picture(np.zeros((2, 2, 3), np.float32)), tmp_path / "a.exr")
    assert open_source(Source(SourceKind.IMAGE, (str(tmp_path / "a.exr"),))).extension(0) == ".exr"


def test_colors_multiplied_by_alpha_are_read_by_what_the_source_says(tmp_path):
    """Whole numbers come back straight, floats premultiplied, whatever the file holds; names of frames differ."""
    straight = np.full((2, 2, 4), (200, 100, 50, 128), np.uint8)
    write_frame(Picture(straight, Alpha.STRAIGHT), tmp_path / "a.png")
    linear = np.full((2, 2, 4), (0.4, 0.2, 0.1, 0.5), np.float32)
    write_frame(Picture(linear, Alpha.PREMULTIPLIED), tmp_path / "a.exr")

    def readers(name: str) -> list[SourceReader]:
        return [open_source(Source(SourceKind.IMAGE, (str(tmp_path / name),), how)) for how in (None, False, True)]

    png = [reader.read(0) for reader in readers("a.png")]
    assert [picture.alpha for picture in png] == [Alpha.STRAIGHT] * 3
    assert [picture.pixels[0, 0].tolist() for picture in png] == [[200, 100, 50, 128]] * 2 + [[255, 199, 100, 128]]
    exr = [reader.read(0) for reader in readers("a.exr")]
    assert [picture.alpha for picture in exr] == [Alpha.PREMULTIPLIED] * 3
    np.testing.assert_allclose(exr[0].pixels, linear)
    np.testing.assert_array_equal(exr[0].pixels, exr[2].pixels)
    np.testing.assert_allclose(exr[1].pixels[0, 0], (0.2, 0.1, 0.05, 0.5))
    assert len({reader.digest(0) for reader in readers("a.png")}) == 3


class Counting:
    """A reader that notes what it decodes."""

    rate = None

    def __init__(self, length: int) -> None:
        self.decoded: list[int] = []
        self.closed = False
        self.length = length

    def __len__(self) -> int:
        return self.length

    def size(self) -> tuple[int, int]:
        return 4, 2

    def read(self, index: int) -> Picture:
        if index == 13:
            raise TalkingHeadError(ErrorCode.SOURCE_UNREADABLE, "Picture 13 is damaged.")
        self.decoded.append(index)
        return Picture(np.full((2, 4, 3), index, np.uint8))

    def digest(self, index: int) -> str:
        return str(index)

    def extension(self, index: int) -> str:
        return ".png"

    def close(self) -> None:
        self.closed = True


def test_each_needed_picture_is_decoded_once_and_ahead():
    source = Counting(12)
    reader = PrefetchingReader(source, range(12), lambda: None)
    for index in range(12):
        for again in range(max(0, index - 3), index + 1):
            assert reader.read(again).pixels[0, 0, 0] == again
    reader.close()
    assert source.decoded == list(range(12))
    assert source.closed


def test_pictures_are_read_only():
    reader = PrefetchingReader(Counting(1), [0], lambda: None)
    with pytest.raises(ValueError, match="read-only"):
        reader.read(0).pixels[0, 0, 0] = 1
    reader.close()


def test_a_damaged_picture_is_told_when_it_is_asked_for():
    reader = PrefetchingReader(Counting(20), range(20), lambda: None)
    assert reader.read(12).pixels[0, 0, 0] == 12
    for _ in range(2):
        with pytest.raises(TalkingHeadError, match="damaged"):
            reader.read(13)
    assert reader.read(14).pixels[0, 0, 0] == 14
    reader.close()


def test_cancel_comes_with_the_next_picture():
    def check() -> None:
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    source = Counting(3)
    reader = PrefetchingReader(source, range(3), check)
    with pytest.raises(TalkingHeadError):
        reader.read(0)
    reader.close()
    assert source.decoded == []


def test_reducing_does_not_let_hidden_colours_through():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 2] = 255
    pixels[:, ::2] = [0, 200, 0, 255]
    small = reduced(Picture(pixels, Alpha.STRAIGHT), 0.5).pixels
    assert small.shape == (2, 2, 4)
    assert np.all(small[..., :3] == [0, 200, 0])
    assert np.all(np.abs(small[..., 3].astype(int) - 128) <= 1)


def test_digests_follow_content(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    digests = Digests()
    first = digests.of(path)
    path.write_bytes(b"three")
    assert digests.of(path) != first
    (tmp_path / "b").write_bytes(b"one")
    assert digests.of(tmp_path / "b") == first


def test_large_files_are_remembered_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(digest_module, "_REMEMBER_FROM", 4)
    path, cache = tmp_path / "a", tmp_path / "cache" / "digests"
    path.write_bytes(b"movie")
    first = Digests(cache).of(path)
    # The same size and time of change: the note is believed, the content is not read again.
    state = path.stat()
    path.write_bytes(b"MOVIE")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert Digests(cache).of(path) == first
    assert Digests().of(path) != first
    for note in cache.iterdir():
        note.write_text("damaged")
    assert Digests(cache).of(path) == Digests().of(path)


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    monkeypatch.setattr(digest_module, "_REMEMBER_FROM", 0)
    (tmp_path / "file").write_bytes(b"x")
    assert len(Digests(tmp_path / "file" / "cache").of(tmp_path / "file")) == 32
