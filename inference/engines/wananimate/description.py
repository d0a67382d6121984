# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate's description."""

from __future__ import annotations

from dataclasses import replace

from ...controls import names_for
from ...film import FilmRule
from ..common_settings import CUT_OUT, SEED
from ..description import Choice, EngineDescription, Section, Setting, SettingKind, Stage, Takes
from ..video import settings
from ..video.settings import (
    LENGTH,
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

_REPLACE = (("mode", ("replace",)),)
_ANIMATE = (("mode", ("animate",)),)

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "official",
    "Model",
    "In which form the model is loaded",
    (
        Choice("official", "Official", "The published files in 16 bit, or the form of Diffusers"),
        Choice("fp8", "8 Bit", "One file with 8 bit, as ComfyUI's users have it"),
        Choice("q8", "GGUF Q8", "One quantized file with 8 bit"),
        Choice("q4", "GGUF Q4", "One quantized file with 4 bit: the least memory"),
    ),
)
MODE = Setting(
    "mode",
    SettingKind.CHOICE,
    "animate",
    "Mode",
    "What becomes of source and clip",
    (
        Choice("animate", "Animate", "The person of the source does what the clip's actor does"),
        Choice("replace", "Replace", "The person in the source, a shot, is replaced by the character"),
    ),
)
CHARACTER = Setting(
    "character",
    SettingKind.PATH,
    "",
    "Character",
    "Picture of the person who replaces the one in the shot",
    when=_REPLACE,
)
STEPS = replace(
    settings.STEPS,
    description="How often the drawing is refined; 4 to 8 are enough with a LoRA for few steps",
)
GUIDANCE = replace(
    settings.GUIDANCE,
    description="How closely the drawing keeps to prompt and face; above 1 each step takes twice as long",
)
SOLVER = replace(
    settings.SOLVER,
    choices=(
        Choice("unipc", "UniPC", "As published"),
        Choice("dpm++", "DPM++", "The other published one"),
        Choice("euler", "Euler", "For LoRAs that need few steps"),
    ),
)
CARRIED = replace(
    settings.CARRIED,
    choices=(
        Choice("1", "1", "Keeps more of the character's looks"),
        Choice("5", "5", "Carries movement over as well"),
    ),
)
SIZE = replace(
    settings.SIZE,
    choices=(
        Choice("960", "720p", "1280 x 720 px in the picture's proportions"),
        Choice("632", "480p", "832 x 480 px in the picture's proportions, less than half the time"),
        Choice("400", "Draft", "Less than a quarter of the pixels of 720p"),
        ROUGH,
        THUMBNAIL,
    ),
)
FACES = Setting(
    "faces",
    SettingKind.CHOICE,
    "person",
    "Driven By",
    "What is looked for in source and clip",
    (
        Choice("person", "Person with Face", "A face, so that the sliders act; the body as far as it is seen"),
        Choice("body", "Body", "No face is looked for; dancers, people from behind. Sliders do nothing"),
    ),
)
TRACKING = Setting(
    "tracking",
    SettingKind.CHOICE,
    "full",
    "Tracking",
    "What finds body and hands",
    (
        Choice("full", "Whole Body", "YOLO and ViTPose, as published: body, hands and feet (2.6 GB)", "wan_tracking"),
        Choice("light", "Head and Shoulders", "Only what the face tells; needs no further models"),
    ),
    section=Section.DRIVING,
)
RETARGET = Setting(
    "retarget",
    SettingKind.SWITCH,
    True,
    "Fit Proportions",
    "Take the actor's limbs to the proportions of the character's, and the actor to the character's place",
    section=Section.DRIVING,
    when=_ANIMATE,
)
RELIGHT = Setting(
    "relight",
    SettingKind.SWITCH,
    True,
    "Relight",
    "Replace: light the character as the scene (relighting LoRA); off keeps more of the face",
    when=_REPLACE,
)
MASK_FROM = Setting(
    "mask_from",
    SettingKind.CHOICE,
    "sam2",
    "Mask From",
    "What finds the person who is replaced",
    (
        Choice(
            "sam2",
            "SAM 2",
            "Follows the person through the shot, from the points that were placed or the body",
            "wan_masks",
        ),
        Choice("matte", "Person Matte", "The built-in matte of all people in the picture; needs no further models"),
    ),
    section=Section.MASK,
    when=_REPLACE,
)
MASK_POINTS = Setting(
    "mask_points",
    SettingKind.TEXT,
    "",
    "Mask Points",
    "Points that belong to the person (+) or not (-), as written by Place Mask Points",
    section=Section.MASK,
    when=(*_REPLACE, ("mask_from", ("sam2",))),
    one_source=True,
    placed=True,
)
MASK_GROW = Setting(
    "mask_grow",
    SettingKind.WHOLE,
    3,
    "Grow",
    "How often the mask grows by 3 px of the drawn picture",
    minimum=0,
    maximum=30,
    section=Section.MASK,
    when=_REPLACE,
)
MASK_COLUMNS = Setting(
    "mask_columns",
    SettingKind.WHOLE,
    1,
    "Blocks Across",
    "The mask is drawn in so many blocks, so that the old outline does not show; more keep more of the background",
    minimum=1,
    maximum=50,
    section=Section.MASK,
    when=_REPLACE,
)
MASK_ROWS = Setting(
    "mask_rows",
    SettingKind.WHOLE,
    1,
    "Blocks Down",
    "As Blocks Across, from top to bottom",
    minimum=1,
    maximum=50,
    section=Section.MASK,
    when=_REPLACE,
)
KEEP_BACKGROUND = Setting(
    "keep_background",
    SettingKind.SWITCH,
    True,
    "Keep Background",
    "Replace: take the shot's own pixels outside the mask",
    section=Section.MASK,
    afterwards=True,
    when=_REPLACE,
)
POSE_PICTURES = Setting(
    "pose_pictures",
    SettingKind.PATH,
    "",
    "Poses",
    "Corrected drawings of body and hands: a folder of pictures by frame, or a movie",
    section=Section.STAGES,
)
FACE_PICTURES = Setting(
    "face_pictures",
    SettingKind.PATH,
    "",
    "Faces",
    "Corrected pictures of the face that acts: a folder of pictures by frame, or a movie",
    section=Section.STAGES,
)
MASK_PICTURES = Setting(
    "mask_pictures",
    SettingKind.PATH,
    "",
    "Masks",
    "Corrected masks, white where the character is drawn: a folder of pictures by frame, or a movie",
    section=Section.STAGES,
    when=_REPLACE,
)

STAGES = (
    Stage("pose", "Pose", "Body and hands as the model is shown them", POSE_PICTURES.name),
    Stage("face", "Face", "The face that acts, cut out", FACE_PICTURES.name, whole=False),
    Stage("mask", "Mask", "White where the character is drawn", MASK_PICTURES.name, grey=True, when=_REPLACE),
    Stage("background", "Background", "What is kept of the shot", "", when=_REPLACE),
)

WANANIMATE = EngineDescription(
    name="wananimate",
    label="Wan-Animate",
    version=2,
    summary="Whole figures: a character performs a clip with body, hands and face, or replaces the person in a shot;"
    " very slow, needs a large graphics card and its models",
    licence="Apache-2.0",
    tier="diffusion",
    module="wananimate.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    optional_sets=("wan_tracking", "wan_masks"),
    set_setting=MODEL.name,
    whole_when=(FACES.name, ("body",)),
    self_acting=_REPLACE,
    # Who is followed through a shot is masked by what is seen of them everywhere in it.
    whole_source_when=MASK_POINTS.when,
    controls=names_for("wananimate"),
    takes=Takes(driving_video=True, prompt=True, whole_body=True, neutral_body=True),
    neighbours=3,
    memory_mb=48000,
    film=FilmRule(
        LENGTH.name,
        overlap=1,
        overlap_setting=CARRIED.name,
        chained=True,
        grid=4,
        full_size_px=960,
        guidance_settings=(GUIDANCE.name,),
        networks=0.75,
        networks_by_set=(("fp8", 0.5), ("q8", 0.55), ("q4", 0.32)),
    ),
    settings=(
        MODE,
        MODEL,
        CHARACTER,
        FACES,
        SEED,
        STEPS,
        GUIDANCE,
        LENGTH,
        CARRIED,
        RELIGHT,
        PROMPT,
        NEGATIVE,
        LORA,
        LORA_STRENGTH,
        TRACKING,
        RETARGET,
        MASK_FROM,
        MASK_POINTS,
        MASK_GROW,
        MASK_COLUMNS,
        MASK_ROWS,
        KEEP_BACKGROUND,
        SIZE,
        STEADY_COLOURS,
        PRECISION,
        MEMORY,
        SOLVER,
        SHIFT,
        POSE_PICTURES,
        FACE_PICTURES,
        MASK_PICTURES,
        CUT_OUT,
    ),
    stages=STAGES,
)
