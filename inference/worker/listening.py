# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound that speaks, as engines that listen get it (``engines.engine.DrivingSound``)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ..acting import ExactSpeech
from ..media.encode import write_error
from ..speech.sound import SoundReader, Zero
from .cache_folder import digest_of
from .driver_notes import DriverNotes
from .sessions import Sessions
from .task import Task

_STAGE = "listening to the sound"
_FOLDER = "sounds"


class Sound(DriverNotes):
    """A sound file, or the first sound of a movie.

    Attributes:
        key: digest of the file's content and of where its time begins.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE; UNSUPPORTED_INPUT for a file without sound.
    """

    def __init__(self, speech: ExactSpeech, sessions: Sessions, task: Task) -> None:
        self._path = Path(speech.sound)
        self._zero = Zero(speech.zero)
        self.key = digest_of(["sound", sessions.digests.of(self._path), speech.zero])
        super().__init__(self.key, _STAGE, sessions, task)
        sessions.digests.remembered(self._path, _check_heard)

    def samples(self, rate_hz: int) -> np.ndarray:
        """(n,) float32, mono, -1 to 1, from the sound's start, on disk: only what is looked at comes into memory.

        Raises:
            TalkingHeadError: SOURCE_UNREADABLE, CANCELLED, DISK_FULL, OUTPUT_NOT_WRITABLE.
        """
        folder = self._sessions.writable_cache(_FOLDER)
        reader = SoundReader(self._path, zero=self._zero, rate_hz=rate_hz)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # It has no name, so that it is gone as soon as nobody looks at the samples any more.
            with tempfile.TemporaryFile(dir=folder) as stream:
                count = 0
                for block in reader.blocks():
                    self._task.check()
                    self._task.between()
                    stream.write(np.clip(block, -1.0, 1.0).astype("<f4").tobytes())
                    count += len(block)
                stream.flush()
                # Copied on write: whoever changes samples changes their own.
                return np.memmap(stream, np.dtype("<f4"), "c", shape=(count,)) if count else np.zeros(0, np.float32)
        except OSError as error:
            raise write_error(folder / self._path.name, error) from error
        finally:
            reader.close()


def _check_heard(path: Path) -> bool:
    """Refuses a file without sound before anything is rendered."""
    SoundReader(path).close()
    return True
