# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers what was heard, one small file for each sound and way to listen to it."""

from __future__ import annotations

import io
import json
import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..errors import TalkingHeadError
from ..media.encode import write_whole
from ..motion.track import Track
from ..worker.cache_folder import digest_of, drop_longest_unused, mark_used

# Part of every key: raised whenever the same sound would give another track.
SPEECH_VERSION = 2
MOST_BYTES = 500 << 20
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Speech:
    """What was heard.

    Attributes:
        track: 100 samples a second.
        method: how: "formants" or "phones".
        words: how many words of the transcript were found.
        cached: it was known already.
    """

    track: Track
    method: str
    words: int
    cached: bool = False

    def fields(self) -> dict[str, object]:
        """Header fields of the message that carries it; the track's array is the payload."""
        return {
            **self.track.fields(),
            "method": self.method,
            "words": self.words,
            "cached": self.cached,
        }


class SpeechStore:
    """The place of one result in a cache folder.

    Args:
        asked: all that decides the result.
        most_bytes: what all results together may take, beside the newest.
    """

    def __init__(self, cache: Path, asked: Sequence[object], most_bytes: int = MOST_BYTES) -> None:
        self._path = cache / "speech" / f"{digest_of([SPEECH_VERSION, *asked])}.npz"
        self._most_bytes = most_bytes

    def load(self) -> Speech | None:
        """What is remembered; None where nothing is, or what is there cannot be read."""
        try:
            with np.load(io.BytesIO(self._path.read_bytes()), allow_pickle=False) as saved:
                fields = json.loads(str(saved["fields"]))
                track = Track.from_message(fields, saved["array"])
            known = Speech(track, fields["method"], int(fields["words"]), cached=True)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, BadZipFile, zlib.error, TalkingHeadError) as error:
            _LOG.warning("%s is not used: %s", self._path, error)
            return None
        mark_used(self._path)
        return known

    def save(self, speech: Speech) -> None:
        """Remember; a cache that cannot be written is only logged."""
        content = io.BytesIO()
        np.savez_compressed(content, array=speech.track.array(), fields=np.array(json.dumps(speech.fields())))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, content.getvalue())
            drop_longest_unused(self._path.parent, self._path.name, self._most_bytes)
        except (OSError, TalkingHeadError) as error:
            _LOG.warning("The speech cache %s cannot be written: %s", self._path.parent, error)
