# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workflows of LivePortraitKJ's nodes: media and the engine's settings."""

from __future__ import annotations

import pytest
from comfyui_files import Workflow
from comfyui_plans import listed, plan

from inference.engines import description_of
from inference.workflow.plan import Plan

PROCESS = {
    "lip_zero": False, "lip_zero_threshold": 0.03, "stitching": True, "delta_multiplier": 1,
    "mismatch_method": "constant", "relative_motion_mode": "relative", "driving_smooth_observation_variance": 3e-6,
}  # fmt: skip
CROP = {"dsize": 512, "scale": 2.3, "vx_ratio": 0, "vy_ratio": -0.125, "face_index": 0,
        "face_index_order": "large-small", "rotate": True}  # fmt: skip
PIPE, CROPPED = ("LIVEPORTRAITPIPE", "LIVEPORTRAITPIPE"), (("cropped_image", "IMAGE"), ("crop_info", "CROPINFO"))


def film(process=(), crop=(), retargeting=None, models=("fp16",), named=False) -> Workflow:
    """The nodes of a usual workflow; ``named`` gives the widgets by name instead of by position."""
    workflow = Workflow()

    def widgets(usual, changes):
        values = {**usual, **dict(changes)}
        return values if named else list(values.values())

    loader = workflow.add("DownloadAndLoadLivePortraitModels", list(models), (), (PIPE,))
    portrait, clip = workflow.image(), workflow.video(frame_load_cap=32)
    counted = workflow.add("GetImageSizeAndCount", None, (("image", "IMAGE"),), (("image", "IMAGE"),))
    workflow.link(clip, 0, counted, "image")
    cropper = workflow.add("LivePortraitCropper", widgets(CROP, crop), (("source_image", "IMAGE"),), CROPPED)
    workflow.link(portrait, 0, cropper, "source_image")
    inputs = (("pipeline", "LIVEPORTRAITPIPE"), ("crop_info", "CROPINFO"), ("source_image", "IMAGE"),
              ("driving_images", "IMAGE"), ("opt_retargeting_info", "RETARGETINGINFO"))  # fmt: skip
    node = workflow.add("LivePortraitProcess", widgets(PROCESS, process), inputs, (("cropped_image", "IMAGE"),))
    for origin, slot, name in ((loader, 0, "pipeline"), (cropper, 1, "crop_info"), (portrait, 0, "source_image"),
                               (counted, 0, "driving_images")):  # fmt: skip
        workflow.link(origin, slot, node, name)
    if retargeting is not None:
        info = workflow.add("LivePortraitRetargeting", retargeting, (), (("retargeting_info", "RETARGETINGINFO"),))
        workflow.link(info, 0, node, "opt_retargeting_info")
    writer = workflow.combine()
    workflow.link(node, 0, writer, "images")
    return workflow


def settings(result: Plan) -> dict[str, object]:
    """What the engine is given; it must take all of it."""
    given = dict(result.settings["liveportrait"])
    assert description_of("liveportrait").settings_from(given)
    return given


def test_media_and_usual_settings():
    result = plan(film())
    assert [(strip.role, strip.file, strip.cap) for strip in result.strips] == [
        ("source", "portrait.png", 0), ("acting", "acting.mp4", 32)
    ]  # fmt: skip
    assert (result.rate, result.frames, result.keys) == (8, 32, ())
    assert settings(result) == {
        "stitching": True, "normalize_lip": False, "motion": "relative", "region": "all", "crop_scale": 2.3,
        "precision": "half",
    }  # fmt: skip
    assert result.not_understood == ()
    assert any("turn on Exact" in note for note in result.notes)


@pytest.mark.parametrize(
    ("mode", "motion", "region", "told"),
    [("relative", "relative", "all", False), ("source_video_smoothed", "relative", "all", True),
     ("relative_rotation_only", "relative", "pose", True), ("off", "absolute", "pose", False),
     ("single_frame", "absolute", "all", True)],
)  # fmt: skip
def test_modes(mode, motion, region, told):
    result = plan(film({"relative_motion_mode": mode}))
    assert (settings(result)["motion"], settings(result)["region"]) == (motion, region)
    assert (f"relative_motion_mode = {mode}" in listed(result)) is told


def test_an_unknown_mode_is_listed_and_sets_nothing():
    result = plan(film({"relative_motion_mode": "sideways"}))
    assert "sideways: this mode is not known" in listed(result)
    assert "motion" not in settings(result)


def test_settings_that_map():
    result = plan(film({"lip_zero": True, "stitching": False}, {"scale": 2.8}, [True, 1, False, 1], ("fp32", "animal")))
    assert settings(result) == {
        "stitching": False, "normalize_lip": True, "motion": "relative", "region": "all", "crop_scale": 2.8,
        "eye_retargeting": True, "lip_retargeting": False, "precision": "full", "model": "animal",
    }  # fmt: skip
    assert result.not_understood == ()


@pytest.mark.parametrize(("friendly", "option"), [(True, "expression"), (False, "pose")])
@pytest.mark.parametrize("named", [True, False])
def test_expression_friendly_is_set_where_the_file_knows_it(friendly, option, named):
    more = {"expression_friendly": friendly, "expression_friendly_multiplier": 1}
    assert settings(plan(film(more, named=named)))["option"] == option
    assert "option" not in settings(plan(film(named=named)))


def test_what_does_not_map_is_listed():
    text = listed(
        plan(
            film(
                {"delta_multiplier": 3, "mismatch_method": "mirror", "lip_zero_threshold": 0.1},
                {"scale": 3.9, "vx_ratio": 0.2, "rotate": False, "face_index": 1},
                [True, 2, True, 0.5],
            )
        )
    )
    for what in ("delta_multiplier = 3", "mismatch_method = mirror", "lip_zero_threshold = 0.1", "scale = 3.9",
                 "vx_ratio = 0.2", "rotate = False", "face_index = 1", "eyes_retargeting_multiplier = 2",
                 "lip_retargeting_multiplier = 0.5"):  # fmt: skip
        assert what in text, what
    assert "vy_ratio" not in text


def test_multiplier_is_taken_as_far_as_it_goes():
    assert settings(plan(film({"delta_multiplier": 1.5})))["multiplier"] == 1.5
    assert settings(plan(film({"delta_multiplier": 3})))["multiplier"] == 2.0
