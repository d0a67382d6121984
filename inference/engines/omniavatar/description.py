# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's description."""

from __future__ import annotations

from dataclasses import replace

from ...film import FilmRule
from ..common_settings import CUT_OUT, SEED
from ..description import Choice, EngineDescription, Setting, SettingKind, Takes
from ..video import settings
from ..video.settings import (
    LORA,
    LORA_STRENGTH,
    MEMORY,
    NEGATIVE,
    PRECISION,
    PROMPT,
    ROUGH,
    SHIFT,
    STEADY_COLOURS,
    THUMBNAIL,
)

LEAD_FRAMES = 9
"""Drawn before the film's first frame: the portrait itself, and 0.3 s of silence (at 25 frames a second)."""

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "small",
    "Model",
    "Which of the official models is used",
    (
        Choice("small", "1.3B", "The small one; for cards with 8 GB"),
        Choice("large", "14B", "The large one: better, ten times as slow"),
    ),
)
STEPS = replace(
    settings.STEPS,
    default=25,
    description="How often the drawing is refined; the published 50 is finer and takes twice as long",
)
GUIDANCE = replace(
    settings.GUIDANCE,
    default=4.5,
    description="How closely the drawing keeps to the prompt; 4 to 6 is recommended",
    maximum=15.0,
)
AUDIO_GUIDANCE = Setting(
    "audio_guidance",
    SettingKind.NUMBER,
    4.5,
    "Sound Guidance",
    "How closely the drawing keeps to the sound; counts with a Guidance above 1, and another value than that takes half"
    " as long again",
    minimum=0.0,
    maximum=15.0,
)
LENGTH = replace(
    settings.LENGTH,
    default=57,
    description="Frames that are drawn together, a multiple of 4 and 1 more; as published, 57 in squares and 105 in"
    " tall or wide pictures",
    minimum=17,
)
OVERLAP = replace(
    settings.CARRIED,
    name="overlap",
    default="13",
    choices=(
        Choice("13", "13", "Smooth joints, as published; looks drift in long films"),
        Choice("5", "5", "Less of both"),
        Choice("1", "1", "Looks drift less, joints can be seen"),
    ),
)
SIZE = replace(
    settings.SIZE,
    default="720",
    description="Which sizes are drawn; the one nearest to the picture's proportions is taken",
    choices=(
        Choice("720", "480p", "720 x 720, 400 x 720 or 720 x 400 px, as published"),
        Choice("960", "720p", "Up to 720 x 1280 px: the published larger sizes"),
        Choice("384", "Draft", "About half as wide and high"),
        ROUGH,
        THUMBNAIL,
    ),
)

OMNIAVATAR = EngineDescription(
    name="omniavatar",
    label="OmniAvatar",
    version=1,
    summary="A portrait, a prompt and a sound to a speaking upper body that moves by itself; very slow, needs a"
    " graphics card and its models",
    licence="Apache-2.0",
    tier="diffusion",
    module="omniavatar.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    set_setting=MODEL.name,
    controls=(),
    takes=Takes(audio=True, prompt=True),
    memory_mb=12000,
    film=FilmRule(
        LENGTH.name,
        overlap=13,
        overlap_setting=OVERLAP.name,
        chained=True,
        lead=LEAD_FRAMES,
        grid=4,
        full_size_px=720,
        guidance_settings=(GUIDANCE.name, AUDIO_GUIDANCE.name),
        networks=0.4,
        networks_by_set=(("large", 7.0),),
    ),
    settings=(
        MODEL,
        SEED,
        STEPS,
        GUIDANCE,
        AUDIO_GUIDANCE,
        LENGTH,
        OVERLAP,
        PROMPT,
        NEGATIVE,
        LORA,
        LORA_STRENGTH,
        SIZE,
        STEADY_COLOURS,
        PRECISION,
        MEMORY,
        SHIFT,
        CUT_OUT,
    ),
)
