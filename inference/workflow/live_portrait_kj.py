# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``LivePortraitProcess`` and the nodes around it (ComfyUI-LivePortraitKJ): media, and settings of the engine."""

from __future__ import annotations

from collections.abc import Mapping

from . import liveportrait_settings
from .graph import Node
from .live_portrait import Film
from .liveportrait_settings import ENGINE
from .media_nodes import medium
from .plan import ACTING, SOURCE
from .reading import Reading

ANIMATOR = "LivePortraitProcess"
# They hand over what the animator's settings are read from, or put its pictures together.
HELPERS = (
    "LivePortraitComposite", "LivePortraitCropper", "LivePortraitLoadCropper", "LivePortraitLoadMediaPipeCropper",
    "LivePortraitLoadFaceAlignmentCropper", "LivePortraitRetargeting",
)  # fmt: skip
_LOADER = "DownloadAndLoadLivePortraitModels"
_USUAL_CROP = 2.3
_PRECISIONS: Mapping[str, str] = {"auto": "auto", "fp16": "half", "fp32": "full"}
# Motion and region of the engine for each mode, and what of the mode the engine does not do.
_MODES: Mapping[str, tuple[str, str, str]] = {
    "relative": ("relative", "all", ""),
    "source_video_smoothed": ("relative", "all", "Smoothing of the panel Acting smooths the driving clip"),
    "relative_rotation_only": ("relative", "pose", "the engine moves the head as the clip does"),
    "off": ("absolute", "pose", ""),
    "single_frame": ("absolute", "all", "the engine takes every frame of the clip"),
}
# Widgets whose usual value is what the engine does; another one is listed.
_FIXED: Mapping[str, tuple[object, str]] = {
    "lip_zero_threshold": (0.03, "lips that are open by more than 0.03 are closed"),
    "mismatch_method": ("constant", "a clip that ends holds its last picture"),
    "driving_smooth_observation_variance": (3e-6, "Smoothing of the panel Acting smooths the driving clip"),
    "expression_friendly_multiplier": (1, "Multiplier scales all motion"),
}
_FIXED_CROP: Mapping[str, tuple[object, str]] = {
    "vx_ratio": (0, "the square stays around the face"),
    "vy_ratio": (-0.125, "the square stays around the face"),
    "rotate": (True, "the square turns with the face"),
    "face_index": (0, "choose the face in the panel Face"),
}


def film_of(reading: Reading, node: Node) -> Film:
    """The strips of a ``LivePortraitProcess`` node; it has no keys, but settings of the engine."""
    reading.use(node)
    for helper in reading.graph.active(*HELPERS):
        reading.use(helper)
    _motion(reading, node)
    _crop(reading, node)
    _retargeting(reading, node)
    _models(reading, node)
    found = medium(reading, node, "source_image", SOURCE), medium(reading, node, "driving_images", ACTING)
    strips = tuple(strip for strip in found if strip is not None)
    reading.note("The node follows the driving clip itself: turn on Exact with the engine LivePortrait for that.")
    return Film(strips, (), max((strip.cap for strip in strips), default=0))


def _motion(reading: Reading, node: Node) -> None:
    reading.setting(
        ENGINE,
        stitching=reading.switch(node, "stitching", True),
        normalize_lip=reading.switch(node, "lip_zero", False),
    )
    mode = reading.text(node, "relative_motion_mode") or "relative"
    if mode in _MODES:
        motion, region, difference = _MODES[mode]
        reading.setting(ENGINE, motion=motion, region=region)
        if difference:
            reading.report(node, f"relative_motion_mode = {mode}", difference)
    else:
        reading.report(node, f"relative_motion_mode = {mode}", "this mode is not known")
    # Files without this widget are older than the option.
    if reading.raw(node, "expression_friendly") is not None:
        friendly = reading.switch(node, "expression_friendly", False)
        reading.setting(ENGINE, option="expression" if friendly else "pose")
    _multiplier(reading, node)
    _list_others(reading, node, _FIXED)


def _multiplier(reading: Reading, node: Node) -> None:
    wanted = reading.number(node, "delta_multiplier", 1.0)
    if wanted == 1:
        return
    given = min(max(wanted, 0.0), 2.0)
    reading.setting(ENGINE, multiplier=given)
    end = "" if given == wanted else f", up to {given:g}"
    reading.report(node, f"delta_multiplier = {wanted:g}", f"the engine's Multiplier scales the head's motion too{end}")


def _crop(reading: Reading, node: Node) -> None:
    cropper = reading.graph.linked(node, "crop_info")
    if cropper is None:
        return
    scale = reading.number(cropper, "scale", _USUAL_CROP)
    given = liveportrait_settings.crop_scale(reading, scale / _USUAL_CROP)
    if abs(given - scale) > 1e-3:
        reading.report(cropper, f"scale = {scale:g}", f"the engine's Crop stops at {given:g}")
    _list_others(reading, cropper, _FIXED_CROP)


def _retargeting(reading: Reading, node: Node) -> None:
    info = reading.graph.linked(node, "opt_retargeting_info")
    if info is None:
        return
    for region, widget in (("eye", "eye_retargeting"), ("lip", "lip_retargeting")):
        reading.setting(ENGINE, **{f"{region}_retargeting": reading.switch(info, widget, False)})
    same = (1, "eyes and lips open as far as the actor's")
    _list_others(reading, info, {"eyes_retargeting_multiplier": same, "lip_retargeting_multiplier": same})


def _models(reading: Reading, node: Node) -> None:
    loader = reading.graph.linked(node, "pipeline")
    if loader is None:
        return
    reading.use(loader)
    if loader.type != _LOADER:
        reading.report(loader, "the models that it loads", "the engine has the official ones")
        return
    precision, mode = reading.text(loader, "precision"), reading.text(loader, "mode")
    if precision in _PRECISIONS:
        reading.setting(ENGINE, precision=_PRECISIONS[precision])
    if mode in ("human", "animal"):
        reading.setting(ENGINE, model=mode)


def _list_others(reading: Reading, node: Node, usual: Mapping[str, tuple[object, str]]) -> None:
    for name, (value, reason) in usual.items():
        found = reading.raw(node, name)
        if found is not None and found != value:
            reading.report(node, f"{name} = {found}", reason)
