# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When each sound of a transcript is spoken: forced alignment with pocketsphinx and the English model it brings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Action, ErrorCode, TalkingHeadError
from .sound import RATE_HZ
from .spelling import guess_phones, words_of

_FRAME_SAMPLES = 160
# A frame of the recognizer is 25.6 ms long; its sound stands in the middle, and a boundary lies between two frames.
_BOUNDARY_S = (0.0256 - 0.010) / 2
# Narrower beams lose the path of voices that the model was not trained on. Zero overflows the library.
_BEAM = 1e-200
# Phones are aligned in pieces, because that takes memory by length times number of sounds. A piece ends at a pause from
# the first length on, at any word from the second on.
_PIECE_FRAMES, _LONGEST_PIECE_FRAMES = 600, 1500
# The library holds Python's lock while it works, so it is given a little at a time.
_MOUTHFUL_SAMPLES = 2 * RATE_HZ
# What the recognizer writes for pauses and noises.
_FILLERS = ("<", "[", "+")
# The model's shortest phone; most sounds of a transcript that does not fit are squeezed to this.
_LEAST_FRAMES, _MOST_SQUEEZED = 3, 0.5
_PEAK = 30000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Phone:
    """A sound and when it is spoken.

    Attributes:
        name: ARPABET without stress mark, or "SIL".
        start_s, end_s: seconds from the first sample.
    """

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Alignment:
    """What was found.

    Attributes:
        phones: one after the other, from the first sample on.
        words: how many words of the transcript are spoken in it.
        guessed: words that are not in the dictionary, spoken as they are spelled.
        unknown: what could not be spoken, such as numerals.
    """

    phones: tuple[Phone, ...]
    words: int
    guessed: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Piece:
    words: tuple[str, ...]
    first: int
    end: int


class Aligner:
    """The recognizer with its English model.

    Raises:
        TalkingHeadError: PACKAGE_MISSING.
    """

    def __init__(self) -> None:
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise TalkingHeadError(
                ErrorCode.PACKAGE_MISSING,
                "Following a transcript needs the Python package pocketsphinx, which the worker does not have.",
                "Install it, or leave the transcript empty to go by the sound alone.",
                Action.INSTALL_SPEECH,
                str(error),
            ) from error
        # Any: the package has no types. Without a language model: only the transcript is looked for.
        self._decoder: Any = Decoder(
            lm=None, samprate=RATE_HZ, bestpath=False, beam=_BEAM, wbeam=_BEAM, pbeam=_BEAM, loglevel="FATAL"
        )

    def align(self, samples: np.ndarray, transcript: str, step: Callable[[float], None]) -> Alignment:
        """Find the sounds of a transcript.

        Args:
            samples: (n,) float at ``RATE_HZ``, of any level.
            step: called again and again with the part that is done, 0 to 1; raises when the work is to be stopped.

        Raises:
            TalkingHeadError: INVALID_REQUEST where the transcript has no English word or does not fit the sound.
        """
        words, guessed, unknown = self._pronounceable(words_of(transcript))
        if not words:
            raise _unfit("The transcript has no English word")
        peak = max(float(np.max(np.abs(samples), initial=0.0)), 1e-9)
        whole = np.rint(samples * (_PEAK / peak)).astype(np.int16)
        phones: list[Phone] = []
        for piece in self._pieces(whole, words, step):
            phones += self._phones_of(whole, piece)
            step(0.5 + 0.5 * min(1.0, piece.end * _FRAME_SAMPLES / len(whole)))
        sounds = [phone for phone in phones if phone.name != "SIL"]
        least_s = (_LEAST_FRAMES + 0.5) * _FRAME_SAMPLES / RATE_HZ
        if sum(phone.end_s - phone.start_s < least_s for phone in sounds) > _MOST_SQUEEZED * len(sounds):
            raise _unfit("The transcript is longer than what is said")
        return Alignment(tuple(phones), len(words), tuple(dict.fromkeys(guessed)), tuple(dict.fromkeys(unknown)))

    def _pronounceable(self, words: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
        """Words that can be spoken; those of them that were guessed; those that cannot."""
        known, guessed, unknown = [], [], []
        added: set[str] = set()
        for word in words:
            if word not in added and self._decoder.lookup_word(word) is None:
                phones = guess_phones(word)
                if not phones:
                    unknown.append(word)
                    continue
                self._decoder.add_word(word, phones, True)
                added.add(word)
            if word in added:
                guessed.append(word)
            known.append(word)
        return known, guessed, unknown

    def _pieces(self, samples: np.ndarray, words: Sequence[str], step: Callable[[float], None]) -> Iterator[_Piece]:
        """The sound cut between words, with the words of each piece; the pieces cover it all."""
        self._decoder.set_align_text(" ".join(words))
        self._decoder.start_utt()
        for start in range(0, len(samples), _MOUTHFUL_SAMPLES):
            step(0.5 * start / len(samples))
            self._decoder.process_raw(samples[start : start + _MOUTHFUL_SAMPLES].tobytes())
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            raise _unfit("The transcript does not fit the sound")
        said = [(entry.word, entry.start_frame, entry.end_frame + 1) for entry in self._decoder.seg()]
        first, held = 0, []
        for word, start, end in said:
            pause = word.startswith(_FILLERS)
            cut = (start + end) // 2 if pause else start
            if held and cut - first >= (_PIECE_FRAMES if pause else _LONGEST_PIECE_FRAMES):
                yield _Piece(tuple(held), first, cut)
                first, held = cut, []
            if not pause:
                held.append(word.partition("(")[0])
        yield _Piece(tuple(held), first, len(samples) // _FRAME_SAMPLES)

    def _phones_of(self, samples: np.ndarray, piece: _Piece) -> Iterator[Phone]:
        if not piece.words:
            return
        part = samples[piece.first * _FRAME_SAMPLES : piece.end * _FRAME_SAMPLES]
        self._decoder.set_align_text(" ".join(piece.words))
        self._listen(part)
        try:
            self._decoder.set_alignment()
        except RuntimeError as error:
            _LOG.warning("%s: %s", " ".join(piece.words), error)
            raise _unfit("The transcript does not fit the sound") from error
        self._listen(part)
        frame_s = _FRAME_SAMPLES / RATE_HZ
        for word in self._decoder.get_alignment():
            for phone in word:
                start = piece.first + phone.start
                name = "SIL" if word.name.startswith(_FILLERS) else phone.name
                yield Phone(name, start * frame_s + _BOUNDARY_S, (start + phone.duration) * frame_s + _BOUNDARY_S)

    def _listen(self, samples: np.ndarray) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), full_utt=True)
        self._decoder.end_utt()


def _unfit(message: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"{message}.",
        "Write what is said in English, or leave the transcript empty to go by the sound alone, in any language.",
    )
