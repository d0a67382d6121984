# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's image editor, AdvancedLivePortrait's expression editor and its timeline, for every row of the case."""

from __future__ import annotations

import numpy as np
import pytest
from plain_liveportrait import PlainNetworks

from inference.engines.liveportrait import expression_editor, image_editor, sliders, timeline
from inference.engines.liveportrait.expression_editor import Expression, FaceRegion, expression_of, face_region
from inference.engines.liveportrait.keypoints import MotionTrack
from inference.engines.liveportrait.paste import mask_template, paste_8bit, truncated
from inference.engines.liveportrait.ratios import ratios_of
from inference.engines.liveportrait.transfer import stitched
from inference.workflow.expression_editor import to_rig
from inference.workflow.motion_command import parse

KEY_POINTS = 1e-5
DEGREES = 1e-4
NETWORK_DEGREES = 1e-3
PIXELS = 1e-3
SAMPLED, PASTED = 7, 5
EDITOR_FACTOR = 1.7


@pytest.fixture(scope="module")
def networks(liveportrait_networks):
    return PlainNetworks(liveportrait_networks)


@pytest.fixture(scope="module")
def source(liveportrait, networks):
    """The image editor's source: motion, openness."""
    motion = networks.motion(liveportrait.array("e2e/source_crop256_u8").reshape(-1, 256, 256, 3))[0]
    return motion, ratios_of(liveportrait.array("in/source_lmk203").reshape(-1, 203, 2))


@pytest.fixture(scope="module")
def portrait(liveportrait, networks):
    """Motion of the expression editor's source by crop factor."""

    def of(factor):
        region = region_of(liveportrait, factor)
        crop = region.cut(liveportrait.array("in/source_u8"))
        if factor == EDITOR_FACTOR:
            crop = liveportrait.array("adv/crop256_u8")
        return region, crop, networks.motion(crop[None])[0]

    return of


@pytest.fixture(scope="module")
def sample(liveportrait, networks):
    return networks.motion(liveportrait.array("adv/sample_crop256_u8")[None])[0]


def region_of(liveportrait, factor) -> FaceRegion:
    height, width = liveportrait.array("in/source_u8").shape[:2]
    return face_region((width, height), tuple(liveportrait.array("adv/face_box").tolist()), factor)


def rows_of(liveportrait, folder):
    """Slider positions by name, row after row."""
    names = [str(name) for name in liveportrait.array(f"{folder}/names")]
    return [dict(zip(names, row.tolist(), strict=True)) for row in liveportrait.array(f"{folder}/rows")]


def points_of(motion):
    """(1, 21, 3) the source's key points."""
    return MotionTrack.of([motion]).points()


def test_ratios_that_leave_eyes_and_lips_alone(liveportrait, source):
    rest = image_editor.rest(source[1])
    liveportrait.close("edit/source_ratios", np.array([rest["eye_ratio"], rest["lip_ratio"]]), 1e-9)


@pytest.mark.parametrize("stitching", [False, True])
def test_key_points_of_the_image_editor(liveportrait, source, networks, stitching):
    motion, ratios = source
    rows = rows_of(liveportrait, "edit")
    x_d = np.stack([image_editor.edited(motion, row, ratios, networks, stitching) for row in rows])
    liveportrait.close(f"edit/x_d_stitch{int(stitching)}", x_d, KEY_POINTS)


def test_picture_of_the_image_editors_last_row(liveportrait, source, networks):
    motion, ratios = source
    crop = liveportrait.array("e2e/source_crop256_u8").reshape(256, 256, 3)
    x_d = image_editor.edited(motion, rows_of(liveportrait, "edit")[-1], ratios, networks)
    drawn = truncated(networks.decode(networks.features(crop), motion.points(), x_d))
    liveportrait.pictures_close("edit/last_row_out_u8_s7", drawn[::SAMPLED, ::SAMPLED])
    to_picture = liveportrait.array("e2e/source_M_c2o").reshape(-1, 3)
    pasted = paste_8bit(drawn, liveportrait.array("in/source_u8"), to_picture, mask_template())
    liveportrait.pictures_close("edit/last_row_paste_u8_s5", pasted[::PASTED, ::PASTED], most=8, above=1, share=0.05)


def test_face_boxes(liveportrait):
    boxes = liveportrait.array("adv/boxes")
    found = []
    for row in boxes.tolist():
        width, height, *face = row[:7]
        region = face_region((int(width), int(height)), tuple(face[:4]), face[4])
        found.append([*row[:7], *region.square, *region.inside, float(region.clipped)])
    liveportrait.close("adv/boxes", np.array(found), PIXELS)


def test_crops_and_the_mask_of_the_expression_editor(liveportrait):
    picture = liveportrait.array("in/source_u8")
    region = region_of(liveportrait, EDITOR_FACTOR)
    liveportrait.close("adv/crop_trans_m", region.to_picture(), PIXELS)
    liveportrait.pictures_close("adv/crop256_u8", region.cut(picture), most=2, above=1)
    liveportrait.pictures_close("adv/mask_u8", region.mask((picture.shape[1], picture.shape[0])))
    driving = liveportrait.array("in/driving_u8")[-1]
    size = driving.shape[1], driving.shape[0]
    box = tuple(liveportrait.array("adv/sample_face_box").tolist())
    cut = face_region(size, box, EDITOR_FACTOR).cut(driving)
    liveportrait.pictures_close("adv/sample_crop256_u8", cut, most=2, above=1)


def test_key_points_of_the_expression_editor(liveportrait, portrait, networks):
    _, _, motion = portrait(EDITOR_FACTOR)
    expressions = [expression_of(row) for row in rows_of(liveportrait, "adv")]
    liveportrait.close("adv/x_s", points_of(motion), KEY_POINTS)
    liveportrait.close("adv/delta_e", np.stack([one.exp for one in expressions]), KEY_POINTS)
    liveportrait.close("adv/delta_r", np.stack([one.angles_deg for one in expressions]), DEGREES)
    x_d = np.stack([expression_editor.key_points(motion, one) for one in expressions])
    check_stitched(liveportrait, "adv/x_d", points_of(motion), x_d, networks)


def check_stitched(liveportrait, name, x_s, x_d, networks):
    """Key points before and after stitching."""
    liveportrait.close(f"{name}_nostitch", x_d, KEY_POINTS)
    liveportrait.close(name, stitched(x_s, x_d, networks, from_rest=False), KEY_POINTS)


def test_picture_of_the_expression_editors_last_row(liveportrait, portrait, networks):
    region, crop, motion = portrait(EDITOR_FACTOR)
    x_d = expression_editor.key_points(motion, expression_of(rows_of(liveportrait, "adv")[-1]))
    check_picture(liveportrait, "adv/last_row_image_u8_s5", region, crop, motion, x_d, networks)


def check_picture(liveportrait, name, region, crop, motion, x_d, networks):
    """One pasted picture for key points before stitching."""
    x_s = points_of(motion)
    x_d = stitched(x_s, x_d[None], networks, from_rest=False)[0]
    drawn = truncated(networks.decode(networks.features(crop), x_s[0], x_d))
    pasted = region.paste(drawn, liveportrait.array("in/source_u8"))
    liveportrait.pictures_close(name, pasted[::PASTED, ::PASTED], most=8, above=1, share=0.05)


def test_source_ratio_and_sample_picture(liveportrait, portrait, sample, networks):
    _, _, motion = portrait(EDITOR_FACTOR)
    cases = liveportrait.json("adv/case_json")
    expressions = [case_expression(case, sample) for case in cases]
    liveportrait.close("adv/case_delta_e", np.stack([one.exp for one in expressions]), KEY_POINTS)
    liveportrait.close("adv/case_delta_r", np.stack([one.angles_deg for one in expressions]), NETWORK_DEGREES)
    kept = [case.get("src_ratio", 1.0) for case in cases]
    x_d = [expression_editor.key_points(motion, *pair) for pair in zip(expressions, kept, strict=True)]
    check_stitched(liveportrait, "adv/case_x_d", points_of(motion), np.stack(x_d), networks)


def case_expression(case, sample) -> Expression:
    """A case has a sample picture where it says how that is used."""
    own = {name: value for name, value in case.items() if name.startswith("sample_")}
    parts, ratio = own.get("sample_parts", "OnlyExpression"), own.get("sample_ratio", 1.0)
    return expression_of(case, sample if own else None, parts, ratio)


def linked(liveportrait) -> list[Expression]:
    """The expressions that commands refer to."""
    return [expression_of(editor) for editor in liveportrait.json("adv/link_json")]


def test_linked_expressions(liveportrait):
    expressions = linked(liveportrait)
    liveportrait.close("adv/link_e", np.stack([one.exp for one in expressions]), KEY_POINTS)
    liveportrait.close("adv/link_r", np.stack([one.angles_deg for one in expressions]), DEGREES)


def test_timelines(liveportrait, portrait, networks):
    described = liveportrait.json("adv/timeline_json")
    assert {name.split("/")[1] for name in liveportrait.names("adv/timeline_") if name.count("/") == 2} <= {
        f"timeline_{name}" for name in described
    }
    expressions = linked(liveportrait)
    for name, options in described.items():
        steps, problems = parse(options["command"], len(expressions))
        assert not problems
        driving = networks.motion(liveportrait.array("in/driving_u8")) if options["driving"] != "none" else []
        count = timeline.frame_count(steps, len(driving), 1, options["animate_without_vid"])
        frames = timeline.commanded(steps, expressions, count)
        factors = options["retargeting_eyes"], options["retargeting_mouth"]
        region, crop, motion = portrait(options["crop_factor"])
        x_d = timeline.key_points(motion, frames, driving, *factors)
        liveportrait.close(f"adv/timeline_{name}/delta_e", np.stack([one.exp for one in frames]), KEY_POINTS)
        liveportrait.close(f"adv/timeline_{name}/delta_r", np.stack([one.angles_deg for one in frames]), DEGREES)
        check_stitched(liveportrait, f"adv/timeline_{name}/x_d", points_of(motion), x_d, networks)
        if f"adv/timeline_{name}/frame" in liveportrait:
            frame = int(liveportrait.array(f"adv/timeline_{name}/frame"))
            image = f"adv/timeline_{name}/image_u8_s5"
            check_picture(liveportrait, image, region, crop, motion, x_d[frame], networks)


def test_the_rig_moves_key_points_as_the_expression_editor_does(liveportrait):
    """The product's own mapping, over the rig: what an imported workflow shows is what was recorded."""
    offsets, angles = liveportrait.array("adv/delta_e"), liveportrait.array("adv/delta_r")
    held = 0
    for row, exp, turn in zip(rows_of(liveportrait, "adv"), offsets, angles, strict=True):
        pose, losses = to_rig(row)
        if losses:
            continue
        found = sliders.Sliders.of(pose)
        np.testing.assert_allclose(found.exp, exp, atol=1e-6)
        np.testing.assert_allclose(found.angles_deg, turn, atol=1e-5)
        held += 1
    assert held
