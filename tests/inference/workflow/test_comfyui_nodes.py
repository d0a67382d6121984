# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes of a ComfyUI workflow become: keys, clips, settings, and the list of what was not understood."""

from __future__ import annotations

from fractions import Fraction

import pytest
from comfyui_files import Workflow, chained
from comfyui_plans import EXPECTED, FIRST, SECOND, TWO_LINES, listed, plan

from inference.engines.hellomeme.description import HELLOMEME
from inference.workflow.plan import Key, PlannedStrip


def test_values_that_the_rig_cannot_hold_are_cut_off_and_listed():
    result = plan(chained("1 = 5:0", {"smile": 1.3, "aaa": -30}))
    assert {key.control: key.value for key in result.keys} == {"mouth_smile": 1, "mouth_close": 1}
    assert "smile = 1.3: mouth_smile would have to be 1.3 and stops at 1" in listed(result)


def test_lines_that_are_no_commands_are_listed_with_their_number():
    result = plan(chained("1 = 1:10\nrubbish\n7 = 1:1", FIRST))
    assert "command, line 2: rubbish" in listed(result)
    assert "command, line 3: 7 = 1:1: there is no editor 7" in listed(result)


def test_an_editor_that_no_command_uses_is_listed():
    assert "editor 2 of the chain: no line" in listed(plan(chained("1 = 1:1", FIRST, SECOND)))


def test_an_unknown_node_keeps_its_place_in_the_chain():
    workflow = Workflow()
    first, second = workflow.editor(**FIRST), workflow.editor(**SECOND)
    other = workflow.add("OtherEditor", [1], [("motion_link", "EDITOR_LINK")], [("a", "X"), ("b", "EDITOR_LINK")])
    animator = workflow.animator([0, 0, True, "1 = 1:10\n3 = 11:32"])
    workflow.link(first, 1, other, "motion_link")
    workflow.link(other, 1, second, "motion_link")
    workflow.link(second, 1, animator, "motion_link")
    result = plan(workflow)
    assert list(result.keys) == EXPECTED
    assert "OtherEditor 3: its pose" in listed(result)


def test_fades_through_rest_with_two_slopes_are_told():
    result = plan(chained("1 = 5:5\n2 = 10:5", {"blink": -20}, {"blink": 5}))
    assert [key.value for key in result.keys] == [1, 0, 0, 1.5, 1.5]
    assert "the fade of blink from -20 to 5" in listed(result)


def test_sliders_of_another_editor_are_added():
    workflow = chained("1 = 5:0", {"smile": 0.25})
    other = workflow.editor(smile=0.5, rotate_roll=3)
    workflow.link(other, 2, 3, "add_exp")
    result = plan(workflow)
    assert {key.control: key.value for key in result.keys} == {"head_roll": 3, "mouth_smile": 0.75}
    assert result.not_understood == ()


def test_files_are_listed():
    workflow = chained("1 = 5:0", {"smile": 0.25})
    loader = workflow.add("LoadExpData", ["grin", 0.5], [], [("exp", "EXP_DATA")])
    workflow.link(loader, 0, 3, "add_exp")
    text = listed(plan(workflow))
    assert "add_exp from LoadExpData" in text and "grin.exp" in text


def sampled(parts: str, ratio: float = 0.8, source_ratio: float = 1.0) -> Workflow:
    """One editor that stands alone, with a sample picture."""
    workflow = Workflow()
    editor = workflow.editor((source_ratio, ratio, parts, 1.7), smile=0.25)
    workflow.link(workflow.image(), 0, editor, "src_image")
    workflow.link(workflow.image("sample.png"), 0, editor, "sample_image")
    return workflow


@pytest.mark.parametrize(
    ("parts", "names"),
    [("OnlyExpression", ["expression"]), ("OnlyRotation", ["rotation"]), ("OnlyMouth", ["mouth"]),
     ("OnlyEyes", ["eyes"]), ("All", ["expression", "rotation"])],
)  # fmt: skip
def test_a_sample_picture_becomes_a_setting_and_sliders_of_liveportrait(parts, names):
    result = plan(sampled(parts))
    keys = {key.control: key.value for key in result.keys}
    assert keys == {"mouth_smile": 0.25, **{f"liveportrait_sample_{name}": 0.8 for name in names}}
    assert result.settings["liveportrait"] == {"sample": "sample.png"}
    assert [strip.file for strip in result.strips] == ["portrait.png"]
    assert result.not_understood == ()


def test_a_sample_that_adds_nothing_is_left_out():
    result = plan(sampled("All", ratio=0))
    assert [key.control for key in result.keys] == ["mouth_smile"]
    assert "liveportrait" not in result.settings


def test_a_sample_stops_at_the_sliders_end():
    (key,) = [key for key in plan(sampled("OnlyMouth", ratio=2)).keys if "sample" in key.control]
    assert key.value == 1.2


def test_source_ratio_is_keyed_for_a_still_and_listed_for_a_film():
    still = plan(sampled("All", 0, source_ratio=0.5))
    assert Key("liveportrait_source_ratio", 1, 0.5, "CONSTANT") in still.keys
    workflow = chained("1 = 5:0", {"smile": 0.25})
    workflow.nodes[2]["widgets_values"][12] = 0.5
    film = plan(workflow)
    assert {key.control for key in film.keys} == {"mouth_smile"}
    assert "src_ratio = 0.5: in a film the node leaves it out" in listed(film)


def test_samples_of_a_chain_come_and_go_with_their_editors():
    workflow = chained("1 = 2:2\n2 = 2:0", {"smile": 0.5}, {"aaa": 12})
    workflow.link(workflow.image("sample.png"), 0, 3, "sample_image")
    result = plan(workflow)
    found = [(key.frame, key.value) for key in result.keys if key.control == "liveportrait_sample_expression"]
    assert found == [(0, 0), (2, 1), (4, 1), (6, 0)]
    workflow.link(workflow.image("other.png"), 0, 4, "sample_image")
    result = plan(workflow)
    assert "other.png: one sample picture counts, sample.png" in listed(result)
    assert result.settings["liveportrait"] == {"sample": "sample.png"}


def test_a_film_is_no_sample():
    workflow = chained("1 = 2:2", {"smile": 0.5})
    workflow.link(workflow.video(), 0, 3, "sample_image")
    assert "sample_image: only a picture" in listed(plan(workflow))


def test_another_crop_becomes_liveportraits_in_proportion():
    workflow = chained("1 = 2:2", {"smile": 0.5})
    animator = next(node for node in workflow.nodes if node["type"] == "AdvancedLivePortrait")
    animator["widgets_values"] = [0, 0, 2.0, True, False, False, "1 = 2:2"]
    result = plan(workflow)
    assert result.settings["liveportrait"] == {"crop_scale": 2.706}
    assert any("Crop 2.706" in note for note in result.notes)


def test_an_editor_that_changes_the_portrait_is_there_all_the_time():
    workflow = chained("1 = 2:2\n0 = 2:0", {"smile": 0.5})
    editor = workflow.editor(smile=0.25, rotate_roll=4)
    workflow.link(1, 0, editor, "src_image")
    workflow.link(editor, 0, 4, "src_images")
    result = plan(workflow)
    smile = [(key.frame, key.value) for key in result.keys if key.control == "mouth_smile"]
    assert smile == [(0, 0.25), (2, 0.75), (4, 0.75), (6, 0.25)]
    assert {key.value for key in result.keys if key.control == "head_roll"} == {4}
    assert result.strip("source") == PlannedStrip("source", "image", "portrait.png", node="1")
    assert result.not_understood == ()
    workflow.nodes[editor - 1]["widgets_values"][11] = 0.8
    assert "AdvancedLivePortrait 4: smile = 1.3" in listed(plan(workflow))


def test_an_editor_that_changes_the_portrait_of_a_driven_film():
    workflow = chained("")
    editor = workflow.editor(smile=0.25)
    workflow.link(1, 0, editor, "src_image")
    workflow.link(editor, 0, 3, "src_images")
    assert plan(workflow).keys == (Key("mouth_smile", 1, 0.25, "CONSTANT"),)


def test_a_single_editor_is_a_still():
    workflow = Workflow()
    editor = workflow.editor(smile=0.5, wink=25)
    workflow.link(workflow.image("a.png [input]"), 0, editor, "src_image")
    result = plan(workflow)
    assert list(result.keys) == [Key("wink_r", 1, 1, "CONSTANT"), Key("mouth_smile", 1, 0.5, "CONSTANT")]
    assert result.strips == (PlannedStrip("source", "image", "a.png", node="2"),)
    assert (result.frames, result.rate) == (1, None)


def test_clips_keep_start_skip_rate_nth_and_cap():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[1]["widgets_values"] |= {
        "video": "clip.mov", "force_rate": 23.976, "skip_first_frames": 7, "select_every_nth": 3, "frame_load_cap": 90,
    }  # fmt: skip
    result = plan(workflow)
    assert result.strip("acting") == PlannedStrip(
        "acting", "movie", "clip.mov", Fraction(0), 7, 3, 90, Fraction("23.976"), "2"
    )
    assert result.frames == 90
    assert "1.00" in result.notes[0], "8 is about a third of 23.976"


def test_a_clip_at_the_start_time_of_the_ffmpeg_node():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[1]["type"] = "VHS_LoadVideoFFmpegPath"
    workflow.nodes[1]["widgets_values"]["start_time"] = 1.5
    strip = plan(workflow).strip("acting")
    assert strip is not None and strip.start_s == Fraction(3, 2)


@pytest.mark.parametrize(
    "widgets",
    [
        ["c.mp4", 8, "Disabled", 32, 4, 2],
        ["c.mp4", 8, "Disabled", 0, 0, 32, 4, 2, "image"],
        ["c.mp4", 8, 0, 0, 32, 4, 2, "AnimateDiff"],
    ],
)
def test_clips_whose_widgets_are_a_list(widgets):
    workflow = chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[1]["widgets_values"] = widgets
    strip = plan(workflow).strip("acting")
    assert strip == PlannedStrip("acting", "movie", "c.mp4", Fraction(0), 4, 2, 32, Fraction(8), "2")


def test_output_and_what_it_cannot_do():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[-1]["widgets_values"] |= {"frame_rate": 29.97, "pingpong": True, "loop_count": 2}
    result = plan(workflow)
    assert result.rate == Fraction(2997, 100)
    assert result.settings["output"]["filename_prefix"] == "out"
    assert "pingpong" in listed(result) and "loop_count" in listed(result)


def meme(pipeline_widgets: list) -> Workflow:
    workflow = Workflow()
    image, video = workflow.image(), workflow.video(force_rate=16, frame_load_cap=48)
    resize = workflow.add(
        "ImageResize", ["crop to ratio", 0, 0, 0, "reduce size only", "1:1", 0.5, 20],
        [("pixels", "IMAGE"), ("mask_optional", "MASK")], [("IMAGE", "IMAGE")],
    )  # fmt: skip
    drive = workflow.add(
        "GetVideoDriveParams", [0.5], [("face_toolkits", "FACE_TOOLKITS"), ("images", "IMAGE"), ("ref_rt", "REFRT")],
        [("drive_video_params", "DRIVE")],
    )  # fmt: skip
    loader = workflow.add("HMVideoPipelineLoader", ["None", "toon", 0], [], [("PIPE", "PIPE")])
    pipeline = workflow.add(
        "HMPipelineVideo", pipeline_widgets,
        [("pipeline", "PIPE"), ("image", "IMAGE"), ("drive_video_params", "DRIVE")], [("IMAGE", "IMAGE")],
    )  # fmt: skip
    for origin, target, name in (
        (image, resize, "pixels"), (resize, pipeline, "image"), (video, drive, "images"),
        (drive, pipeline, "drive_video_params"), (loader, pipeline, "pipeline"),
    ):  # fmt: skip
        workflow.link(origin, 0, target, name)
    workflow.link(pipeline, 0, workflow.combine(frame_rate=16), "images")
    return workflow


@pytest.mark.parametrize(
    "widgets",
    [
        ["best", "bad", 25, 1234, "fixed", 2],
        ["best", "bad", 25, 1234, 2.0],
        [0.0, "best", "bad", 25, 1234, "randomize", 2.0],
        [0.0, 4, "best", "bad", 25, 1234, "fixed", 2.0, 0],
    ],
)
def test_hello_meme_becomes_strips_and_settings(widgets):
    result = plan(meme(widgets))
    settings = dict(result.settings["hellomeme"])
    assert settings.pop("movement", 0.0) == 0.0
    assert settings == {
        "prompt": "best", "negative": "bad", "steps": 25, "seed": 1234, "guidance": 2.0, "checkpoint": "",
        "lora": "toon",
    }  # fmt: skip
    assert [(strip.role, strip.file, strip.cap, strip.rate) for strip in result.strips] == [
        ("source", "portrait.png", 0, None), ("acting", "acting.mp4", 48, Fraction(16))
    ]  # fmt: skip
    assert (result.frames, result.rate, result.keys) == (48, 16, ())
    assert result.settings["image_resize_source"]["side_ratio"] == "1:1"
    assert "the engine HelloMeme has nothing like it" in listed(result)
    assert "crop to ratio" in listed(result)


def test_hello_memes_newer_nodes_are_followed_to_their_clips():
    workflow = Workflow()
    image, video = workflow.image(), workflow.video(force_rate=8)
    pipe = [("hm_video_pipeline", "PIPE"), ("ref_head_pose", "HP"), ("ref_expression", "EX"), ("drive_head_pose", "HP")]
    pipeline = workflow.add(
        "HMPipelineVideo", [0.0, 4, "best", "", 25, 0, "randomize", 2.0, 0], [*pipe, ("drive_expression", "EX")],
        [("IMAGE", "IMAGE")],
    )  # fmt: skip
    models = ["SD1.5", "", "same", "v5", "x1", "huggingface", 1.0, "fp16"]
    workflow.link(
        workflow.add("HMVideoPipelineLoader", models, [], [("PIPE", "PIPE")]), 0, pipeline, "hm_video_pipeline"
    )
    for loader, prefix in ((image, "ref"), (video, "drive")):
        marks = workflow.add("GetFaceLandmarks", [], [("face_toolkits", "F"), ("images", "IMAGE")], [("LMK", "LMK")])
        for kind, output, widgets in (("GetHeadPose", "head_pose", [True]), ("GetExpression2", "expression", [])):
            measured = workflow.add(
                kind, widgets, [("face_toolkits", "F"), ("images", "IMAGE"), ("landmarks", "LMK")], [("OUT", "X")]
            )
            workflow.link(loader, 0, measured, "images")
            workflow.link(marks, 0, measured, "landmarks")
            workflow.link(measured, 0, pipeline, f"{prefix}_{output}")
        workflow.link(loader, 0, marks, "images")
    result = plan(workflow)
    assert [(strip.role, strip.file) for strip in result.strips] == [
        ("source", "portrait.png"),
        ("acting", "acting.mp4"),
    ]
    assert {item.type for item in result.not_understood} == {"HMPipelineVideo", "HMVideoPipelineLoader"}
    assert (result.rate, result.settings["hello_meme_models"]["dtype"]) == (8, "fp16")
    settings = result.settings["hellomeme"]
    assert (settings["model"], settings["checkpoint_use"], settings["lora_strength"]) == ("v5", "drawing", 1.0)


def test_settings_of_hello_meme_fit_the_engine():
    result = plan(meme([0.0, 4, "best", "bad", 400, 2**40 + 5, "fixed", 20.0, 0]))
    settings = result.settings["hellomeme"]
    assert (settings["steps"], settings["seed"], settings["guidance"]) == (100, 5, 10.0)
    assert "steps 400" in listed(result) and "seed 1099511627781" in listed(result)
    assert set(settings) <= {setting.name for setting in HELLOMEME.settings}
    HELLOMEME.settings_from(settings)


def test_two_films_in_one_file_are_told():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    workflow.animator([0, 0, True, "0 = 1:1"])
    assert len(plan(workflow).keys) == len(EXPECTED)
    assert "one film is imported at a time" in listed(plan(workflow))


def test_nodes_without_a_use_are_listed():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    workflow.add("KSampler", [1, 2, 3])
    workflow.add("PreviewImage")
    workflow.image("other.png")
    assert listed(plan(workflow)) == (
        "KSampler 7: the node: Talking Head has no use for this kind of node\n"
        "LoadImage 9: the node: nothing that is imported uses it"
    )
