# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's description."""

from __future__ import annotations

from ...controls import names_for
from ..common_settings import COLOUR_MATCH, CUT_OUT, FEATHER, PRECISION
from ..description import Choice, EngineDescription, Section, Setting, SettingKind, Takes

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "human",
    "Model",
    "Which of the official models is used",
    (
        Choice("human", "People", "For people, statues and paintings of people"),
        Choice("animal", "Animals", "For cats, dogs and other animals; place the points by hand"),
        Choice("onnx", "People, ONNX", "The same network as ONNX files, for computers that already have those"),
    ),
)
REGION = Setting(
    "region",
    SettingKind.CHOICE,
    "all",
    "Region",
    "What of the driving clip is used with Exact",
    (
        Choice("all", "All", "Head and expression"),
        Choice("exp", "Expression", "The expression; the head stays the source's"),
        Choice("pose", "Head", "The head's motion; the expression stays the source's"),
        Choice("lip", "Lips", "The lips only"),
        Choice("eyes", "Eyes", "The eyes only"),
    ),
    section=Section.DRIVING,
)
MOTION = Setting(
    "motion",
    SettingKind.CHOICE,
    "relative",
    "Motion",
    "How the driving clip is used with Exact",
    (
        Choice("relative", "Relative", "What changes since the neutral picture is added to the source"),
        Choice("absolute", "Absolute", "The source takes the actor's pose and expression as they are"),
    ),
    section=Section.DRIVING,
)
OPTION = Setting(
    "option",
    SettingKind.CHOICE,
    "expression",
    "Favor",
    "How relative motion is fitted to the source's face",
    (
        Choice("expression", "Expression", "Motion is scaled by the size of both faces and starts at the source"),
        Choice("pose", "Pose", "The head follows the actor's place and size"),
    ),
    section=Section.DRIVING,
)
MULTIPLIER = Setting(
    "multiplier",
    SettingKind.NUMBER,
    1.0,
    "Multiplier",
    "Makes all motion larger or smaller",
    minimum=0.0,
    maximum=2.0,
    section=Section.DRIVING,
)
STITCHING = Setting(
    "stitching", SettingKind.SWITCH, True, "Stitching", "Keep neck and shoulders where they are in the source"
)
EYE_RETARGETING = Setting(
    "eye_retargeting",
    SettingKind.SWITCH,
    False,
    "Eye Retargeting",
    "Open the eyes as far as the actor's, whatever their shape",
    section=Section.DRIVING,
)
LIP_RETARGETING = Setting(
    "lip_retargeting",
    SettingKind.SWITCH,
    False,
    "Lip Retargeting",
    "Open the lips as far as the actor's, whatever their shape",
    section=Section.DRIVING,
)
NORMALIZE_LIP = Setting(
    "normalize_lip",
    SettingKind.SWITCH,
    False,
    "Close Source Lips",
    "Begin with closed lips where the source's are open",
)
LOCK_SCALE = Setting(
    "lock_scale",
    SettingKind.SWITCH,
    True,
    "Lock Size",
    "Keep the head from growing and shrinking with the clip",
    section=Section.DRIVING,
)
CROP_SCALE = Setting(
    "crop_scale",
    SettingKind.NUMBER,
    2.3,
    "Crop",
    "Side of the redrawn square in face sizes; smaller is sharper, larger moves more of the neck",
    minimum=1.5,
    maximum=3.2,
    section=Section.PICTURE,
)
SAMPLE = Setting(
    "sample",
    SettingKind.PATH,
    "",
    "Sample Picture",
    "Picture of a face whose expression the sample sliders add",
    section=Section.SAMPLE,
)

LIVEPORTRAIT = EngineDescription(
    name="liveportrait",
    label="LivePortrait",
    version=2,
    summary="Redraws the face with a neural network; needs its models and a fast computer",
    licence="MIT",
    tier="neural",
    module="liveportrait.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    optional_sets=("liveportrait_landmark",),
    set_setting=MODEL.name,
    controls=names_for("liveportrait"),
    takes=Takes(driving_video=True, templates=True),
    neighbours=3,
    memory_mb=2800,
    settings=(
        MODEL,
        REGION,
        MOTION,
        OPTION,
        MULTIPLIER,
        STITCHING,
        EYE_RETARGETING,
        LIP_RETARGETING,
        NORMALIZE_LIP,
        LOCK_SCALE,
        CROP_SCALE,
        COLOUR_MATCH,
        FEATHER,
        SAMPLE,
        PRECISION,
        CUT_OUT,
    ),
)
