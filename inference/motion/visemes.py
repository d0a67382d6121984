# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Visemes: the mouth shapes of speech as poses, and which of them each English phone shows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SILENCE = "sil"

# The 15 shapes of the viseme set that lip-sync programs share (Oculus LipSync), as values of pose controls; controls
# that are not named rest. Amounts are those of clear speech, chosen by eye on the puppet engine.
VISEMES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        SILENCE: {},
        "PP": {"mouth_close": 1.0},
        "FF": {"mouth_close": 0.8, "mouth_wide": 0.15, "jaw_open": 0.03},
        "TH": {"jaw_open": 0.18, "mouth_wide": 0.1},
        "DD": {"jaw_open": 0.16, "mouth_wide": 0.15},
        "kk": {"jaw_open": 0.2, "mouth_wide": 0.1},
        "CH": {"jaw_open": 0.12, "mouth_pucker": 0.5},
        "SS": {"jaw_open": 0.08, "mouth_wide": 0.35},
        "nn": {"jaw_open": 0.14, "mouth_wide": 0.12},
        "RR": {"jaw_open": 0.16, "mouth_pucker": 0.35},
        "aa": {"jaw_open": 0.7},
        "E": {"jaw_open": 0.38, "mouth_wide": 0.45},
        "I": {"jaw_open": 0.16, "mouth_wide": 0.75},
        "O": {"jaw_open": 0.42, "mouth_pucker": 0.6},
        "U": {"jaw_open": 0.12, "mouth_pucker": 0.9},
    }
)

# Shapes that a listener sees missing: the lips must reach them however short the sound is.
CLOSURES = frozenset({"PP", "FF"})

# Phones of the CMU Pronouncing Dictionary (ARPABET without stress marks) as the visemes they pass through.
ARPABET: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "AA": ("aa",),
        "AE": ("aa",),
        "AH": ("E",),
        "AO": ("O",),
        "AW": ("aa", "U"),
        "AY": ("aa", "I"),
        "B": ("PP",),
        "CH": ("CH",),
        "D": ("DD",),
        "DH": ("TH",),
        "EH": ("E",),
        "ER": ("RR",),
        "EY": ("E", "I"),
        "F": ("FF",),
        "G": ("kk",),
        "HH": ("kk",),
        "IH": ("I",),
        "IY": ("I",),
        "JH": ("CH",),
        "K": ("kk",),
        "L": ("nn",),
        "M": ("PP",),
        "N": ("nn",),
        "NG": ("kk",),
        "OW": ("O", "U"),
        "OY": ("O", "I"),
        "P": ("PP",),
        "R": ("RR",),
        "S": ("SS",),
        "SH": ("CH",),
        "T": ("DD",),
        "TH": ("TH",),
        "UH": ("U",),
        "UW": ("U",),
        "V": ("FF",),
        "W": ("U",),
        "Y": ("I",),
        "Z": ("SS",),
        "ZH": ("CH",),
    }
)


def visemes_of(phone: str) -> tuple[str, ...]:
    """The visemes that a phone passes through, in order; silence and noises give silence.

    Args:
        phone: ARPABET, with or without a stress mark, such as "AH0".
    """
    return ARPABET.get(phone.upper().rstrip("012"), (SILENCE,))
