# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait's description."""

from __future__ import annotations

from ...controls import names_for
from ...film import FilmRule
from ..common_settings import COLOUR_MATCH, CUT_OUT, DRAWN_SIZE, FEATHER, MEMORY, PRECISION, SEED
from ..description import Choice, EngineDescription, Section, Setting, SettingKind, Takes

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "official",
    "Model",
    "Which of the official models is used",
    (Choice("official", "Official", "The published model (model_state-415001)"),),
)
STEPS = Setting(
    "steps",
    SettingKind.WHOLE,
    30,
    "Steps",
    "How often the drawing is refined; more is slower, and above 15 little is gained",
    minimum=2,
    maximum=200,
)
GUIDANCE = Setting(
    "guidance",
    SettingKind.NUMBER,
    5.0,
    "Guidance",
    "How closely the drawing keeps to portrait and performance",
    minimum=1.0,
    maximum=20.0,
)
LENGTH = Setting(
    "frames_at_once",
    SettingKind.WHOLE,
    64,
    "Frames at Once",
    "Frames that are drawn together; longer films are drawn in sections, which join where they overlap",
    minimum=16,
    maximum=500,
)
OVERLAP = Setting(
    "overlap",
    SettingKind.WHOLE,
    4,
    "Window Overlap",
    "Frames that two windows of 16 have in common; more is steadier and slower",
    minimum=0,
    maximum=12,
)
POSE_CONTROL = Setting(
    "pose_control",
    SettingKind.NUMBER,
    1.0,
    "Pose Control",
    "How much the performance as a whole counts",
    minimum=0.0,
    maximum=2.0,
    section=Section.DRIVING,
)
LOCAL_CONTROL = Setting(
    "local_control",
    SettingKind.NUMBER,
    1.0,
    "Eyes and Mouth Control",
    "How much the patches around eyes and mouth count",
    minimum=0.0,
    maximum=2.0,
    section=Section.DRIVING,
)
REFERENCE = Setting(
    "reference",
    SettingKind.CHOICE,
    "best",
    "Reference",
    "The picture of the driving clip whose pose is the source's, by which the clip is laid over the source",
    (
        Choice("best", "Best Match", "The picture most like the source, by the landmarks of the face"),
        Choice("neutral", "Neutral Picture", "The neutral picture chosen in Acting"),
        Choice("first", "First", "The clip's first picture"),
        Choice("none", "None", "The clip is used as it is, without being laid over the source"),
    ),
    section=Section.DRIVING,
)
CROP_SCALE = Setting(
    "crop_scale",
    SettingKind.NUMBER,
    2.2,
    "Crop",
    "Side of the redrawn square in sizes of the face",
    minimum=1.6,
    maximum=4.0,
    section=Section.PICTURE,
)

XPORTRAIT = EngineDescription(
    name="xportrait",
    label="X-Portrait",
    version=1,
    summary="Redraws the performance in the portrait's likeness, down to fine expressions; slow, needs a graphics card"
    " and its models",
    licence="Apache-2.0",
    tier="diffusion",
    module="xportrait.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    set_setting=MODEL.name,
    controls=names_for("xportrait"),
    takes=Takes(driving_video=True),
    neighbours=3,
    memory_mb=11000,
    film=FilmRule(LENGTH.name, overlap=4),
    settings=(
        MODEL,
        SEED,
        STEPS,
        GUIDANCE,
        LENGTH,
        OVERLAP,
        POSE_CONTROL,
        LOCAL_CONTROL,
        REFERENCE,
        DRAWN_SIZE,
        CROP_SCALE,
        COLOUR_MATCH,
        FEATHER,
        PRECISION,
        MEMORY,
        CUT_OUT,
    ),
)
