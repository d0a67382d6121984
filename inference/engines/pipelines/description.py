# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptions of the engines on video pipelines of diffusers. Pure."""

from __future__ import annotations

from dataclasses import replace

from ...film import FilmRule
from ..common_settings import CUT_OUT, SEED
from ..description import Choice, EngineDescription, Setting, SettingKind, Takes
from ..video import settings
from ..video.settings import MEMORY, NEGATIVE, PRECISION, PROMPT, ROUGH, SHIFT, STEADY_COLOURS

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "official",
    "Model",
    "Which of the official models is used",
    (
        Choice("official", "Official", "The published model, for 40 steps with a Guidance of 3"),
        Choice("distilled", "Distilled", "For few steps: set Steps to 10 and Guidance to 1"),
    ),
)
STEPS = replace(
    settings.STEPS,
    default=40,
    description="How often the drawing is refined; 10 are enough for the distilled model",
)
GUIDANCE = replace(settings.GUIDANCE, default=3.0)
# Both models' program takes DPM++ with a shift of 5; the distilled one's folder for diffusers names Euler.
SOLVER = replace(
    settings.SOLVER,
    default="dpm++",
    choices=(
        Choice("dpm++", "DPM++", "As published"),
        Choice("euler", "Euler", "The plain one, which the distilled model may be used with as well"),
        Choice("unipc", "UniPC", "That of the first Wan-Animate"),
    ),
)
LENGTH = replace(settings.LENGTH, default=81, maximum=161)
CARRIED = replace(
    settings.CARRIED,
    choices=(Choice("1", "1", "As published"), Choice("5", "5", "Carries movement over as well")),
)
# The area of 800 x 640 px is what diffusers' pipeline draws, that of 1280 x 720 px what Wan's own program does.
SIZE = replace(
    settings.SIZE,
    default="716",
    choices=(
        Choice("716", "Official", "As many pixels as 800 x 640"),
        Choice("960", "Large", "As many pixels as 1280 x 720: nearly twice the memory, three times as slow"),
        Choice("400", "Draft", "A third of the pixels"),
        ROUGH,
    ),
)

WANANIMATE2 = EngineDescription(
    name="wananimate2",
    label="Wan-Animate 2",
    version=1,
    summary="A figure does what the actor of a clip does; the clip is shown to the model as it is, so that nothing is"
    " tracked. Extremely slow, needs a large graphics card and its models",
    licence="Apache-2.0",
    tier="diffusion",
    module="pipelines.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    set_setting=MODEL.name,
    # It looks at the whole clip, whatever the settings.
    whole_when=(MODEL.name, tuple(choice.value for choice in MODEL.choices)),
    controls=(),
    takes=Takes(driving_video=True, prompt=True, whole_body=True),
    memory_mb=80000,
    film=FilmRule(
        LENGTH.name,
        overlap=1,
        overlap_setting=CARRIED.name,
        chained=True,
        grid=4,
        full_size_px=716,
        guidance_settings=(GUIDANCE.name,),
    ),
    settings=(
        MODEL,
        SEED,
        STEPS,
        GUIDANCE,
        LENGTH,
        CARRIED,
        PROMPT,
        NEGATIVE,
        SIZE,
        STEADY_COLOURS,
        PRECISION,
        MEMORY,
        SOLVER,
        SHIFT,
        CUT_OUT,
    ),
)
