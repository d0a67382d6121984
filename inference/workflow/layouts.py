# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of widget values of the nodes that are read, in the versions that were published.

ComfyUI saves the widgets of a node as a list without names. A layout is told by its length and by the types in it;
what fits none is not read.

Published versions (AdvancedLivePortrait's and HelloMeme's history, VideoHelperSuite, image-resize-comfyui):
``ExpressionEditor`` had no ``crop_factor`` and ``sample_parts`` at first, then the former, then both;
``AdvancedLivePortrait`` had no ``crop_factor`` at first, then had it, then two more switches before the command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import expression_editor

Fits = Callable[[object], bool]


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _switch(value: object) -> bool:
    return isinstance(value, bool)


def _any(value: object) -> bool:
    return True


def _parts(value: object) -> bool:
    return value in ("OnlyExpression", "OnlyRotation", "OnlyMouth", "OnlyEyes", "All")


def _control_after(value: object) -> bool:
    return value in ("fixed", "increment", "decrement", "randomize")


@dataclass(frozen=True)
class Widget:
    """A widget's name and a test of its values. A name that begins with "_" is no setting of the node."""

    name: str
    fits: Fits


Layout = tuple[Widget, ...]


def _of(fits: Fits, *names: str) -> Layout:
    return tuple(Widget(name, fits) for name in names)


_SLIDERS = _of(_number, *expression_editor.NAMES)
_SAMPLE = (*_SLIDERS, *_of(_number, "src_ratio", "sample_ratio"))
_CROP = Widget("crop_factor", _number)
_SAMPLE_PARTS = Widget("sample_parts", _parts)
_RETARGETING = _of(_number, "retargeting_eyes", "retargeting_mouth")
_COMMAND = Widget("command", _text)

_PROMPTS = _of(_text, "prompt", "negative_prompt")
_STEPS_SEED = _of(_number, "steps", "seed")
_GUIDANCE = Widget("guidance_scale", _number)
_AFTER = Widget("_control_after_generate", _control_after)
_RATIO = Widget("trans_ratio", _number)
_OVERLAP = Widget("patch_overlap", _number)
_GPU = Widget("gpu_id", _number)
_MODELS = _of(_text, "checkpoint", "lora")
_MODELS_5 = (*_MODELS, *_of(_text, "vae", "version", "stylize"))

_FRAMES = _of(_number, "frame_load_cap", "skip_first_frames", "select_every_nth")
_SIZE = _of(_number, "custom_width", "custom_height")
_VIDEO = (Widget("video", _text), Widget("force_rate", _number))
_VIDEO_SIZED = (*_VIDEO, Widget("force_size", _text))
_UPLOAD = Widget("_upload", _any)
_COMBINE = (
    *_of(_number, "frame_rate", "loop_count"),
    *_of(_text, "filename_prefix", "format"),
    *_of(_switch, "pingpong", "save_output"),
)
_LOAD_VIDEO: tuple[Layout, ...] = tuple(
    layout
    for start in ((*_VIDEO_SIZED, *_FRAMES), (*_VIDEO_SIZED, *_SIZE, *_FRAMES), (*_VIDEO, *_SIZE, *_FRAMES))
    for layout in (start, (*start, _UPLOAD), (*start, _UPLOAD, _UPLOAD))
)
_PIPELINE: tuple[Layout, ...] = tuple(
    (*start, *_PROMPTS, *middle, _GUIDANCE, *end)
    for start in ((), (_RATIO,), (_RATIO, _OVERLAP))
    for middle in ((*_STEPS_SEED, _AFTER), _STEPS_SEED, _of(_number, "steps"))
    for end in ((), (_GPU,))
)
_LOADER: tuple[Layout, ...] = (
    (*_MODELS, _GPU),
    (*_MODELS, Widget("patch_frames", _number), _GPU),
    (*_MODELS, Widget("vae", _text), Widget("patch_frames", _number)),
    _MODELS_5[:3],
    _MODELS_5[:4],
    _MODELS_5,
    (*_MODELS_5, Widget("deployment", _text)),
    (*_MODELS_5, Widget("deployment", _text), Widget("lora_scale", _number)),
    (*_MODELS_5, Widget("deployment", _text), Widget("lora_scale", _number), Widget("dtype", _text)),
)
_IMAGE = Widget("image", _text)
# ComfyUI-LivePortraitKJ: the last widget of the models' loader and the last two of the process came later.
_PROCESS = (
    Widget("lip_zero", _switch),
    Widget("lip_zero_threshold", _number),
    Widget("stitching", _switch),
    Widget("delta_multiplier", _number),
    *_of(_text, "mismatch_method", "relative_motion_mode"),
    Widget("driving_smooth_observation_variance", _number),
)
_FRIENDLY = (Widget("expression_friendly", _switch), Widget("expression_friendly_multiplier", _number))

LAYOUTS: Mapping[str, tuple[Layout, ...]] = {
    "ExpressionEditor": (
        (*_SAMPLE, _SAMPLE_PARTS, _CROP),
        (*_SAMPLE, _CROP),
        (*_SAMPLE, _SAMPLE_PARTS),
        _SAMPLE,
        (*_SLIDERS, Widget("src_ratio", _number)),
        _SLIDERS,
    ),
    "AdvancedLivePortrait": (
        (*_RETARGETING, _CROP, *_of(_switch, "turn_on", "tracking_src_vid", "animate_without_vid"), _COMMAND),
        (*_RETARGETING, _CROP, Widget("turn_on", _switch), _COMMAND),
        (*_RETARGETING, Widget("turn_on", _switch), _COMMAND),
        # Files that were saved after an update of the node hold an old value in the place of a switch.
        (*_RETARGETING, _CROP, *_of(_any, "turn_on", "tracking_src_vid", "animate_without_vid"), _COMMAND),
        (*_RETARGETING, _CROP, Widget("turn_on", _any), _COMMAND),
    ),
    "LivePortraitProcess": ((*_PROCESS, *_FRIENDLY), (*_PROCESS, _FRIENDLY[0]), _PROCESS),
    "LivePortraitCropper": (
        (
            *_of(_number, "dsize", "scale", "vx_ratio", "vy_ratio", "face_index"),
            Widget("face_index_order", _text),
            Widget("rotate", _switch),
        ),
    ),
    "LivePortraitRetargeting": (
        (
            Widget("eye_retargeting", _switch),
            Widget("eyes_retargeting_multiplier", _number),
            Widget("lip_retargeting", _switch),
            Widget("lip_retargeting_multiplier", _number),
        ),
    ),
    "DownloadAndLoadLivePortraitModels": (_of(_text, "precision", "mode"), _of(_text, "precision")),
    "VHS_LoadVideo": _LOAD_VIDEO,
    "VHS_LoadVideoPath": _LOAD_VIDEO,
    "VHS_VideoCombine": (_COMBINE, (*_COMBINE, _UPLOAD)),
    "LoadImage": ((_IMAGE, _UPLOAD), (_IMAGE,)),
    "LoadVideo": ((Widget("file", _text), _UPLOAD), (Widget("file", _text),)),
    "ImageResize": (
        (
            Widget("action", _text),
            *_of(_number, "smaller_side", "larger_side", "scale_factor"),
            *_of(_text, "resize_mode", "side_ratio"),
            *_of(_number, "crop_pad_position", "pad_feathering"),
        ),
    ),
    "HMPipelineVideo": _PIPELINE,
    "HMPipelineImage": _PIPELINE,
    "HMVideoPipelineLoader": _LOADER,
    "HMImagePipelineLoader": _LOADER,
    "HMFaceToolkitsLoader": ((_GPU,), (_GPU, Widget("deployment", _text))),
    "GetVideoDriveParams": ((_RATIO,),),
    "GetHeadPose": ((Widget("crop", _switch),),),
    "LoadExpData": ((Widget("file_name", _text), Widget("ratio", _number)),),
    "SaveExpData": ((Widget("file_name", _text),),),
}


def named(type_name: str, values: Sequence[object], names: Sequence[str]) -> dict[str, object] | None:
    """Widget values by name; None when the layout is not known.

    Args:
        names: names of all widgets in order, where the file has them.
    """
    while values and values[-1] is None:
        values = values[:-1]
    if not values:
        return {}
    if names and len(names) == len(values):
        return dict(zip(names, values, strict=True))
    for layout in LAYOUTS.get(type_name, ()):
        if len(layout) == len(values) and all(w.fits(v) for w, v in zip(layout, values, strict=True)):
            return {w.name: v for w, v in zip(layout, values, strict=True) if not w.name.startswith("_")}
    return None
