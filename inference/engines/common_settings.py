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
    afterwards=True,
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
    afterwards=True,
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
CUT_OUT = Setting(
    "cut_out",
    SettingKind.SWITCH,
    False,
    "Cut Out",
    "Make everything but the person transparent",
    afterwards=True,
)

# Settings of the engines that redraw.
SEED = Setting(
    "seed",
    SettingKind.WHOLE,
    0,
    "Seed",
    "Number that the noise is made from: another one gives another drawing of the same performance",
    minimum=0,
    maximum=2**31 - 1,
)
MEMORY = Setting(
    "memory",
    SettingKind.CHOICE,
    "auto",
    "Memory",
    "What is kept on the graphics card while it draws",
    (
        Choice("auto", "Automatic", "As much as fits, decided by what is free"),
        Choice("all", "Everything", "All networks; the fastest"),
        Choice("parts", "Parts in Turn", "Each network only while it is needed"),
        Choice("layers", "Layers in Turn", "A few layers at a time; the slowest, and needs the least"),
    ),
    section=Section.PICTURE,
    afterwards=True,
)
DRAWN_SIZE = Setting(
    "size",
    SettingKind.CHOICE,
    "512",
    "Drawn Size",
    "Side of the square that is drawn; the models were made for 512 px",
    (
        Choice("512", "512", "512 px, as trained"),
        Choice("768", "768", "768 px: finer, less stable, more than twice as slow"),
        Choice("384", "384", "384 px: a draft, twice as fast"),
        Choice("256", "256", "256 px: a rough draft for timing"),
    ),
    section=Section.PICTURE,
)
