# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a driving clip: watched once and remembered by content."""

from __future__ import annotations

from fractions import Fraction

from ..acting import CaptureSpec
from ..errors import ErrorCode, TalkingHeadError
from ..media.prefetch import PrefetchingReader
from ..media.reader import SourceReader
from ..source import SourceKind
from ..weights.catalogue import weight_file
from ..worker.cache_folder import digest_of
from ..worker.sessions import Sessions
from ..worker.task import Task
from .capture import Capture
from .recording import CAPTURE_VERSION, Recording, RecordingWriter, load
from .store import RecordingStore
from .tracking import track

STAGE = "watching the driver"
# Stills that nobody gave a rate.
_STILL_RATE = Fraction(25)


def captured(spec: CaptureSpec, sessions: Sessions, task: Task) -> Capture:
    """The face of a driving clip as motion.

    The clip is watched only when no recording of the same content, face and model is kept.

    Raises:
        TalkingHeadError: NO_FACE when no picture shows a face, or the neutral one does not; CANCELLED; what reading the
            clip, loading the face model and writing the cache raise.
    """
    if spec.face.points:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "A driving clip cannot be followed by points that were placed by hand.",
            "Choose a clip whose face is found by itself.",
        )
    reader = sessions.reader(spec.source)
    try:
        rate = spec.rate or reader.rate or _STILL_RATE
        store = RecordingStore(sessions.cache / "captures")
        key = recording_key(spec, reader)
        recording = store.find(key)
        cached = recording is not None
        if recording is None:
            recording = _watched(spec, reader, sessions, task, store, key)
    finally:
        reader.close()
    return Capture(recording, rate, spec.neutral, spec.smoothing, cached)


def recording_key(spec: CaptureSpec, reader: SourceReader) -> str:
    """Name of a recording by what it is made of: content, face choice, model, version."""
    pictures = range(1) if spec.source.kind is SourceKind.MOVIE else range(len(reader))
    parts = [
        CAPTURE_VERSION,
        [reader.digest(picture) for picture in pictures],
        spec.source.kind.value,
        spec.face.to_dict(),
        weight_file("face_landmarker").sha256,
    ]
    return digest_of(parts)


def _watched(
    spec: CaptureSpec, reader: SourceReader, sessions: Sessions, task: Task, store: RecordingStore, key: str
) -> Recording:
    pictures = len(reader)
    tracker = sessions.tracker()
    task.stage(STAGE, pictures)

    def step(done: int) -> None:
        task.check()
        task.progress(done, pictures, STAGE)
        task.between()

    ahead = PrefetchingReader(reader, range(pictures), task.check)
    try:
        with store.making(key) as folder, RecordingWriter(folder, pictures, ahead.size()) as writer:
            track(ahead, spec.face, tracker, writer, step)
    finally:
        ahead.close()
    task.progress(pictures, pictures, STAGE)
    return load(store.folder / key)
