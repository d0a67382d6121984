# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a driving clip: watched once and remembered by content."""

from __future__ import annotations

from ..acting import CaptureSpec
from ..media.prefetch import PrefetchingReader
from ..media.reader import SourceReader
from ..source import SourceKind
from ..weights.catalogue import weight_file
from ..worker.cache_folder import digest_of
from ..worker.sessions import Sessions
from ..worker.task import Task
from .capture import Capture
from .clip import open_clip, rate_of
from .recording import CAPTURE_VERSION, Recording, RecordingWriter, load
from .store import RecordingStore
from .template import TemplateCapture
from .tracking import track
from .whole import WholeCapture

STAGE = "watching the driver"
_FOLDER = "captures"


def captured(spec: CaptureSpec, sessions: Sessions, task: Task) -> Capture | TemplateCapture | WholeCapture:
    """The face of a driving clip, or a driving template, as motion; of a clip that is shown whole only its cuts.

    A clip is watched only when no recording of the same content, face and model is kept.

    Raises:
        TalkingHeadError: NO_FACE when no picture shows a face, or the neutral one does not; CANCELLED;
            UNSUPPORTED_INPUT for files without pictures and rates that no performance can have; what reading the clip,
            loading the face model and writing the recording raise.
    """
    if spec.is_template:
        return TemplateCapture.of(spec, sessions)
    reader = open_clip(spec, sessions)
    try:
        rate = rate_of(spec, reader)
        if spec.whole:
            return WholeCapture.of(spec, reader, rate, sessions, task)
        key = recording_key(spec, reader)
        recording = _kept(sessions, key)
        cached = recording is not None
        if cached and (kept := sessions.captures.get(spec, key)):
            return kept
        if recording is None:
            recording = _watched(spec, reader, sessions, task, key)
    finally:
        reader.close()
    capture = Capture(recording, rate, spec.neutral, spec.smoothing, cached, key)
    sessions.captures.put(spec, key, capture.known())
    return capture


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


def _kept(sessions: Sessions, key: str) -> Recording | None:
    """A recording of the cache, or of this process where the cache could not be written."""
    for folder in sessions.readable_caches(_FOLDER):
        recording = RecordingStore(folder).find(key)
        if recording is not None:
            return recording
    # Captures of a recording that is damaged would read from its files.
    sessions.captures.clear()
    return None


def _watched(spec: CaptureSpec, reader: SourceReader, sessions: Sessions, task: Task, key: str) -> Recording:
    pictures = len(reader)
    store = RecordingStore(sessions.writable_cache(_FOLDER))
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
