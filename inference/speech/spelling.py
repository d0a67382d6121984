# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of a transcript, and a guess how English spelling is spoken, for words that no dictionary has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*'?")
_LONGEST = 4
_CONSONANTS = frozenset("bcdfghjklmnpqrstvwxz")

# Letters to phones (ARPABET); the longest fit wins.
_SOUNDS: Mapping[str, str] = {
    "eigh": "EY", "ough": "AO", "augh": "AO", "tion": "SH AH N", "sion": "ZH AH N",
    "tch": "CH", "sch": "SH", "igh": "AY", "dge": "JH", "ear": "IY R", "air": "EH R",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "kn": "N",
    "wr": "R", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oa": "OW", "oi": "OY", "oy": "OY",
    "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "ei": "AY", "ie": "IY", "ue": "UW", "ew": "UW",
    "er": "ER", "ir": "ER", "ur": "ER", "ar": "AA R", "or": "AO R", "ce": "S", "ci": "S IH", "cy": "S IY",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH",
    "k": "K", "l": "L", "m": "M", "n": "N", "o": "OW", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T",
    "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip


def words_of(transcript: str) -> list[str]:
    """Lower-case words without punctuation; accents are dropped, hyphens separate."""
    plain = unicodedata.normalize("NFKD", transcript.replace("\u2019", "'")).lower()
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def guess_phones(word: str) -> str:
    """Phones of a word by its spelling, separated by spaces; "" for what is not made of letters.

    Args:
        word: lower case, as from ``words_of``.
    """
    letters = re.sub(r"(.)\1+", r"\1", re.sub(r"ee", "\ue000", re.sub("oo", "\ue001", word.replace("'", ""))))
    letters = letters.replace("\ue000", "ee").replace("\ue001", "oo")
    if len(letters) > 3 and letters.endswith("e") and letters[-2] in _CONSONANTS:
        letters = letters[:-1]
    if not letters.isascii() or not letters.isalpha():
        return ""
    phones, place = [], 0
    while place < len(letters):
        part = next(letters[place : place + n] for n in range(_LONGEST, 0, -1) if letters[place : place + n] in _SOUNDS)
        phones.append(_SOUNDS[part])
        place += len(part)
    return " ".join(phones)
