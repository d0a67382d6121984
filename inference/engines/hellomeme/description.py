# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's description."""

from __future__ import annotations

from ...controls import names_for
from ...film import FilmRule
from ..common_settings import COLOUR_MATCH, CUT_OUT, DRAWN_SIZE, FEATHER, MEMORY, PRECISION, SEED
from ..description import Choice, EngineDescription, Section, Setting, SettingKind, Takes

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "v5",
    "Model",
    "Which of the official models is used",
    (
        Choice("v5", "Version 5", "The newest models for film (hm5)"),
        Choice("v5b", "Version 5b", "Keeps more of the portrait, with a larger reference network (hm5b)"),
    ),
)
STEPS = Setting(
    "steps",
    SettingKind.WHOLE,
    25,
    "Steps",
    "How often the drawing is refined; more is slower",
    minimum=1,
    maximum=100,
)
GUIDANCE = Setting(
    "guidance",
    SettingKind.NUMBER,
    2.0,
    "Guidance",
    "How closely the drawing keeps to prompt and performance; much more than 2 burns the colors",
    minimum=1.0,
    maximum=10.0,
)
STRENGTH = Setting(
    "strength",
    SettingKind.NUMBER,
    1.0,
    "Redraw",
    "How much is drawn anew: 1 begins with noise, less with the performance itself and takes fewer steps",
    minimum=0.05,
    maximum=1.0,
)
LENGTH = Setting(
    "frames_at_once",
    SettingKind.WHOLE,
    56,
    "Frames at Once",
    "Frames that are drawn together; longer films are drawn in sections, which join where they overlap",
    minimum=16,
    maximum=500,
)
PROMPT = Setting(
    "prompt",
    SettingKind.TEXT,
    "",
    "Prompt",
    "What is to be seen, in English words, of which some 50 count; a description of a good portrait is added",
    section=Section.PROMPT,
)
NEGATIVE = Setting(
    "negative",
    SettingKind.TEXT,
    "",
    "Negative Prompt",
    "What is not to be seen, in English words",
    section=Section.PROMPT,
)
CHECKPOINT = Setting(
    "checkpoint",
    SettingKind.PATH,
    "",
    "Checkpoint",
    "A model of the Stable Diffusion 1.5 family that gives the picture its style; empty for the plain one",
    section=Section.PROMPT,
)
CHECKPOINT_USE = Setting(
    "checkpoint_use",
    SettingKind.CHOICE,
    "drawing",
    "Used For",
    "What the checkpoint replaces",
    (
        Choice("drawing", "Drawing", "Only what draws: portrait and prompt are read as plainly as without it"),
        Choice("all", "Everything", "Also what reads the portrait and the prompt: more of the style"),
    ),
    section=Section.PROMPT,
)
LORA = Setting(
    "lora",
    SettingKind.PATH,
    "",
    "LoRA",
    "A small addition to the checkpoint, for a style or a person",
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
MOVEMENT = Setting(
    "movement",
    SettingKind.NUMBER,
    1.0,
    "Movement",
    "How much of the head's way across the picture is kept; 0 keeps it in its place, and it only turns",
    minimum=0.0,
    maximum=1.0,
    section=Section.PICTURE,
)
CROP_SCALE = Setting(
    "crop_scale",
    SettingKind.NUMBER,
    3.0,
    "Crop",
    "Side of the redrawn square in sizes of the face",
    minimum=1.6,
    maximum=4.0,
    section=Section.PICTURE,
)

HELLOMEME = EngineDescription(
    name="hellomeme",
    label="HelloMeme",
    version=1,
    summary="Redraws the performance in the portrait's likeness or in another style; slow, needs a graphics card and"
    " its models",
    licence="MIT",
    tier="diffusion",
    module="hellomeme.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    set_setting=MODEL.name,
    controls=names_for("hellomeme"),
    takes=Takes(driving_video=True, prompt=True),
    neighbours=3,
    memory_mb=9000,
    film=FilmRule(LENGTH.name, overlap=4, part_setting=STRENGTH.name),
    settings=(
        MODEL,
        SEED,
        STEPS,
        GUIDANCE,
        STRENGTH,
        LENGTH,
        PROMPT,
        NEGATIVE,
        CHECKPOINT,
        CHECKPOINT_USE,
        LORA,
        LORA_STRENGTH,
        DRAWN_SIZE,
        MOVEMENT,
        CROP_SCALE,
        COLOUR_MATCH,
        FEATHER,
        PRECISION,
        MEMORY,
        CUT_OUT,
    ),
)
