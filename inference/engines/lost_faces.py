# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sentence about all pictures of a clip in which an engine lost the face."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_SPANS = 4


class LostFaces:
    """Keeps one sentence up to date among an engine's warnings.

    Args:
        warnings: the engine's; the sentence joins them with the first lost face and stays at its place.
    """

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings
        self._pictures: set[int] = set()
        self._sentence = ""

    def add(self, picture: int) -> bool:
        """Note a picture, counted from 0; whether it is a new one."""
        if picture in self._pictures:
            return False
        self._pictures.add(picture)
        sentence = sentence_of(self._pictures)
        if self._sentence in self._warnings:
            self._warnings[self._warnings.index(self._sentence)] = sentence
        else:
            self._warnings.append(sentence)
        self._sentence = sentence
        return True


def sentence_of(pictures: Iterable[int]) -> str:
    """What the user reads of pictures, counted from 0, in which the face was lost; there they are counted from 1."""
    spans = _spans(pictures)
    count = sum(last - first + 1 for first, last in spans)
    if count == 1:
        return f"The face was lost in picture {spans[0][0] + 1}; it is passed through unchanged."
    where = ", ".join(_words(first, last) for first, last in spans[:_MOST_SPANS])
    more = ", ..." if len(spans) > _MOST_SPANS else ""
    return f"The face was lost in {count} pictures ({where}{more}); they are passed through unchanged."


def _spans(pictures: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last one of each unbroken row of pictures."""
    spans: list[tuple[int, int]] = []
    for picture in sorted(pictures):
        if spans and picture == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], picture)
        else:
            spans.append((picture, picture))
    return spans


def _words(first: int, last: int) -> str:
    return str(first + 1) if first == last else f"{first + 1} to {last + 1}"
