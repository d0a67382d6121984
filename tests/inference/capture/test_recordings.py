# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings: watched once, found by content, whole or not there, bounded on disk; memory that does not grow."""

from __future__ import annotations

import os
import shutil
import tracemalloc

import acting_clips
import faces
import numpy as np
import pytest
from acting_clips import RATE, carphone

from inference.acting import CaptureSpec
from inference.capture.read import captured
from inference.capture.recording import load
from inference.capture.store import RecordingStore
from inference.errors import ErrorCode, TalkingHeadError
from inference.source import FaceChoice, Source, SourceKind

PICTURES = 12


class Desk:
    """Captures clips and counts the pictures that are read."""

    def __init__(self, folder):
        self.reads = 0
        self.sessions = acting_clips.sessions(folder / "cache")
        self.recordings = folder / "cache" / "captures"
        opened = self.sessions.reader

        def counting(source):
            reader = opened(source)
            read = reader.read

            def counted(index):
                self.reads += 1
                return read(index)

            reader.read = counted
            return reader

        self.sessions.reader = counting

    def capture(self, source, check=lambda: None, **options):
        return captured(CaptureSpec(source, rate=RATE, **options), self.sessions, acting_clips.task(check))

    def names(self):
        return sorted(path.name for path in self.recordings.iterdir()) if self.recordings.exists() else []


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def clip(tmp_path):
    return acting_clips.sequence(tmp_path / "clip", carphone()[:PICTURES])


def test_a_clip_is_watched_once(desk, clip):
    first = desk.capture(clip)
    assert (desk.reads, first.cached) == (PICTURES, False)
    second = desk.capture(clip)
    assert (desk.reads, second.cached) == (PICTURES, True)
    np.testing.assert_array_equal(second.track.values, first.track.values)
    np.testing.assert_array_equal(second.motion(3.5), first.motion(3.5))


def test_neutral_smoothing_and_rate_need_no_watching(desk, clip):
    desk.capture(clip)
    desk.capture(clip, neutral=2, smoothing=1.0)
    captured(CaptureSpec(clip, rate=RATE * 2), desk.sessions, acting_clips.task())
    assert desk.reads == PICTURES


def test_another_process_finds_the_recording(desk, clip, tmp_path):
    desk.capture(clip)
    other = Desk(tmp_path)
    assert other.capture(clip).cached
    assert other.reads == 0


def test_a_changed_file_is_watched_again(desk, clip, tmp_path):
    desk.capture(clip)
    acting_clips.sequence(tmp_path / "clip", carphone()[20 : 20 + PICTURES])
    assert not desk.capture(clip).cached
    assert len(desk.names()) == 2


def test_the_same_content_elsewhere_is_known(desk, clip, tmp_path):
    desk.capture(clip)
    assert desk.capture(acting_clips.sequence(tmp_path / "copy", carphone()[:PICTURES])).cached


def test_another_face_choice_is_another_recording(desk, clip):
    desk.capture(clip)
    assert not desk.capture(clip, face=FaceChoice(0, picture=3)).cached


@pytest.mark.parametrize("file", ["recording.json", "seen.npy", "landmarks.npy", "points.npy"])
@pytest.mark.parametrize("damage", ["gone", "cut off", "garbage"])
def test_a_damaged_recording_is_made_again(desk, clip, file, damage):
    first = desk.capture(clip)
    values = first.track.values.copy()
    del first  # its landmarks are open, which keeps the file on Windows
    desk.sessions.close()  # as are those of the capture that is kept
    (name,) = desk.names()
    path = desk.recordings / name / file
    if damage == "gone":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if damage == "cut off" else os.urandom(len(content) + 7))
    again = desk.capture(clip)
    assert not again.cached
    np.testing.assert_allclose(again.track.values, values, atol=1e-6)
    assert desk.names() == [name]
    assert desk.capture(clip).cached


def test_the_last_captures_are_kept(desk, clip, tmp_path):
    desk.capture(clip)
    kept = desk.capture(clip)
    assert kept.cached and desk.capture(clip) is kept
    copied = acting_clips.sequence(tmp_path / "copy", carphone()[:PICTURES])
    for source, options in ((clip, {"smoothing": 1.0}), (clip, {"neutral": 2}), (copied, {})):
        other = desk.capture(source, **options)
        assert other is not kept and desk.capture(source, **options).track is other.track
    assert desk.capture(clip) is not kept  # three later ones took its place


def test_a_kept_capture_goes_with_its_file_and_its_recording(desk, clip, tmp_path):
    def again():
        return desk.capture(clip)

    first = again()
    acting_clips.sequence(tmp_path / "clip", carphone()[20 : 20 + PICTURES])
    assert not np.array_equal(again().track.values, first.track.values)
    acting_clips.sequence(tmp_path / "clip", carphone()[:PICTURES])
    second = again()
    assert second.cached and second.track is not first.track
    assert again() is not second and again() is again()
    desk.sessions.close()
    third = again()
    assert third.cached and third is not second
    shutil.rmtree(desk.recordings)
    assert not again().cached


def test_a_cache_that_cannot_be_written_is_replaced_by_a_folder_of_the_process(desk, clip, caplog):
    desk.recordings.parent.mkdir()
    desk.recordings.write_text("in the way")
    assert not desk.capture(clip).cached
    (warning,) = caplog.records
    assert warning.levelname == "WARNING" and str(desk.recordings) in warning.getMessage()
    desk.sessions.close()
    assert desk.capture(clip).cached
    assert desk.reads == PICTURES
    (temporary,) = (folder for folder in desk.sessions.readable_caches("captures") if folder.is_dir())
    desk.sessions.unload()
    assert not temporary.parent.exists()
    assert desk.recordings.read_text() == "in the way"


def test_a_cache_that_can_only_be_read_is_read(desk, clip, monkeypatch):
    desk.capture(clip)
    desk.sessions.close()

    def refuse(self, *arguments, **options):
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as readonly:
        readonly.setattr(type(desk.recordings), "mkdir", refuse)
        readonly.setattr("inference.worker.cache_folder.os.utime", lambda path: refuse(path))
        assert desk.capture(clip).cached


def test_a_cancelled_capture_leaves_nothing(desk, clip):
    def check():
        if desk.reads >= 4:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as error:
        desk.capture(clip, check)
    assert error.value.code is ErrorCode.CANCELLED
    assert desk.reads < PICTURES
    assert desk.names() == []


def test_a_clip_without_a_face_leaves_nothing(desk, tmp_path):
    grey = acting_clips.sequence(tmp_path / "grey", [np.full((64, 64, 3), 90, np.uint8)] * 3)
    with pytest.raises(TalkingHeadError):
        desk.capture(grey)
    assert desk.names() == []


def small_recording(store, letter, size_bytes=1000):
    """Make an entry of one file, named by one letter, and give back its folder."""
    with store.making(letter * 32) as folder:
        (folder / "landmarks.npy").write_bytes(bytes(size_bytes))
    return store.folder / (letter * 32)


def letters(folder):
    return "".join(sorted(path.name[0] for path in folder.iterdir()))


def test_the_longest_unused_recordings_are_dropped(tmp_path):
    store = RecordingStore(tmp_path, most_bytes=2500)
    made = {}
    for number, letter in enumerate("abc"):
        made[letter] = small_recording(store, letter)
        os.utime(made[letter], (number, number))
    assert letters(tmp_path) == "bc"
    os.utime(made["b"], (10, 10))
    small_recording(store, "d")
    assert letters(tmp_path) == "bd"


def test_a_recording_that_another_worker_made_meanwhile_is_kept(desk, clip):
    store = RecordingStore(desk.recordings)
    kept = desk.capture(clip)
    (name,) = desk.names()
    with store.making(name) as folder:
        (folder / "landmarks.npy").write_bytes(b"x")
    assert desk.names() == [name]
    np.testing.assert_array_equal(desk.capture(clip).track.values, kept.track.values)


def test_a_recording_that_gets_its_name_at_the_same_moment_is_kept(desk, clip, monkeypatch):
    store = RecordingStore(desk.recordings)
    kept = desk.capture(clip)
    (name,) = desk.names()
    # The other worker's rename falls between the look and the own rename.
    monkeypatch.setattr(type(desk.recordings), "exists", lambda self, **_: False)
    with store.making(name) as folder:
        (folder / "landmarks.npy").write_bytes(b"x")
    monkeypatch.undo()
    assert desk.names() == [name]
    np.testing.assert_array_equal(desk.capture(clip).track.values, kept.track.values)


def test_recordings_that_another_worker_drops_meanwhile_are_no_error(tmp_path, monkeypatch):
    store = RecordingStore(tmp_path, most_bytes=10)
    dropped, _ = (small_recording(store, letter, 5) for letter in "ab")
    listed = list(tmp_path.iterdir())
    shutil.rmtree(dropped)
    listing = type(tmp_path).iterdir
    monkeypatch.setattr(type(tmp_path), "is_dir", lambda self, **_: True)
    monkeypatch.setattr(type(tmp_path), "iterdir", lambda self: iter(listed) if self == tmp_path else listing(self))
    small_recording(store, "c", 5)
    monkeypatch.undo()
    assert letters(tmp_path) == "bc"


def test_memory_does_not_grow_with_length(desk, tmp_path):
    """Four times the pictures need hardly more: a picture of these has 76 kB, its row 0.3 kB."""
    files = acting_clips.sequence(tmp_path / "loop", carphone()[:2]).files

    def peak(pictures):
        source = Source(SourceKind.SEQUENCE, tuple(files[n % 2] for n in range(pictures)))
        tracemalloc.start()
        capture = desk.capture(source)
        capture.motion(pictures / 2)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(capture.track) == pictures
        return most

    peak(4)
    short, long = 40, 160  # some decoded pictures are kept, up to 32
    assert peak(long) - peak(short) < 400_000


def test_a_recording_says_where_the_face_was(desk, clip):
    desk.capture(clip)
    recording = load(desk.recordings / desk.names()[0])
    assert recording.found.all()
    assert recording.landmarks.shape == (PICTURES, 468, 3)
    assert recording.landmarks.dtype == np.float32
    assert recording.points.shape == (PICTURES, 478, 2)
    face = faces.tracker().faces(carphone()[0])[0]
    assert faces.mean_distance(np.asarray(recording.points[0]), face.landmarks) < 0.01
