# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the engines that make video, with the same names and meaning. Pure."""

from __future__ import annotations

from dataclasses import replace

from .. import common_settings
from ..description import Choice, Section, Setting, SettingKind

# It counts for what is drawn: with Precision on Automatic, what fits decides in how many bits networks are held.
MEMORY = replace(
    common_settings.MEMORY,
    description="What is kept on the graphics card while it draws; another choice draws films anew, since it may decide"
    " in how many bits networks are held",
    afterwards=False,
)

PRECISION = Setting(
    "precision",
    SettingKind.CHOICE,
    "auto",
    "Precision",
    "How exactly the networks compute, and in how many bits they are held",
    (
        Choice("auto", "Automatic", "16 bit, or 8 bit where the memory asks for it"),
        Choice("full", "Full", "32 bit; needs four times the memory of 8 bit"),
        Choice("half", "Half", "16 bit (bfloat16), as published"),
        Choice("eight", "8 Bit", "Held in 8 bit, computed in 16: half the memory, hardly a difference to be seen"),
    ),
    section=Section.PICTURE,
)
STEADY_COLOURS = Setting(
    "steady_colours",
    SettingKind.SWITCH,
    True,
    "Steady Colors",
    "Take the colors of each section to those of the one before, so that they do not drift in long films",
    section=Section.PICTURE,
)
PROMPT = Setting(
    "prompt",
    SettingKind.TEXT,
    "",
    "Prompt",
    "What is to be seen and done, in English or Chinese; empty for the published one",
    section=Section.PROMPT,
)
NEGATIVE = Setting(
    "negative",
    SettingKind.TEXT,
    "",
    "Negative Prompt",
    "What is not to be seen; counts with a Guidance above 1, empty for the published one",
    section=Section.PROMPT,
)
LORA = Setting(
    "lora",
    SettingKind.PATH,
    "",
    "LoRA",
    "A small addition to the model, for a style, or for few steps",
    section=Section.PROMPT,
)
LORA_STRENGTH = Setting(
    "lora_strength",
    SettingKind.NUMBER,
    1.0,
    "LoRA Strength",
    "How much of the LoRA is added",
    minimum=0.0,
    maximum=10.0,
    section=Section.PROMPT,
)
SHIFT = Setting(
    "shift",
    SettingKind.NUMBER,
    5.0,
    "Shift",
    "Where the steps go: more for large movements, less for detail",
    minimum=1.0,
    maximum=15.0,
    section=Section.SAMPLING,
)
STEPS = Setting(
    "steps",
    SettingKind.WHOLE,
    20,
    "Steps",
    "How often the drawing is refined",
    minimum=1,
    maximum=100,
)
GUIDANCE = Setting(
    "guidance",
    SettingKind.NUMBER,
    1.0,
    "Guidance",
    "How closely the drawing keeps to the prompt; above 1 each step takes twice as long",
    minimum=1.0,
    maximum=10.0,
)
SOLVER = Setting(
    "solver",
    SettingKind.CHOICE,
    "unipc",
    "Solver",
    "How a step is computed",
    section=Section.SAMPLING,
)
LENGTH = Setting(
    "frames_at_once",
    SettingKind.WHOLE,
    77,
    "Frames at Once",
    "Frames that are drawn together, a multiple of 4 and 1 more; longer films are drawn section after section",
    minimum=5,
    maximum=241,
)
CARRIED = Setting(
    "carried",
    SettingKind.CHOICE,
    "1",
    "Carried Over",
    "Frames of a section that the next one begins with",
)
SIZE = Setting(
    "size",
    SettingKind.CHOICE,
    "632",
    "Drawn Size",
    "As many pixels are drawn as a square of this side has, in the picture's proportions",
    section=Section.PICTURE,
)
ROUGH = Choice("256", "Rough Draft", "For timing only")
THUMBNAIL = Choice("128", "Thumbnail", "To see soon whether all is set up; little is recognized")
