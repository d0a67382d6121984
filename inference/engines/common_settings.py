# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that several engines have, with the same names and meaning."""

from __future__ import annotations

from .description import Choice, Section, Setting, SettingKind

COLOUR_MATCH = Setting(
    "colour_match",
    SettingKind.SWITCH,
    True,
    "Match Colors",
    "Take the redrawn face to the source's colors",
    section=Section.PICTURE,
)
FEATHER = Setting(
    "feather",
    SettingKind.NUMBER,
    0.08,
    "Feather",
    "Width of the soft border of the redrawn square, in parts of its side",
    minimum=0.0,
    maximum=0.5,
    section=Section.PICTURE,
)
PRECISION = Setting(
    "precision",
    SettingKind.CHOICE,
    "auto",
    "Precision",
    "How exactly the networks compute",
    (
        Choice("auto", "Automatic", "Half where the device is faster with it, full elsewhere"),
        Choice("full", "Full", "32 bit"),
        Choice("half", "Half", "16 bit; full where the device has none or it fails"),
    ),
    section=Section.PICTURE,
)
CUT_OUT = Setting("cut_out", SettingKind.SWITCH, False, "Cut Out", "Make everything but the person transparent")
