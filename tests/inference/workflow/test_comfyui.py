# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from fractions import Fraction

import comfyui_files
import pytest
from comfyui_files import Workflow, chained

from inference.errors import TalkingHeadError
from inference.workflow.comfyui import graph_of
from inference.workflow.convert import plan_of
from inference.workflow.plan import Key, Plan, PlannedStrip

TWO_LINES = "1 = 1:10\n2 = 11:32"
FIRST, SECOND = {"rotate_yaw": 20, "aaa": 60}, {"rotate_pitch": 10, "blink": -20}
FRAMES = (0, 1, 11, 22, 54)


def curve(control: str, *values: float) -> list[Key]:
    return [Key(control, frame, value, "LINEAR") for frame, value in zip(FRAMES, values, strict=True)]


EXPECTED = [
    *curve("head_pitch", 0, 0, 0, -10, -10),
    *curve("head_yaw", 0, 20, 20, 0, 0),
    *curve("eye_open", 1, 1, 1, 0, 0),
    *curve("jaw_open", 0, 0.5, 0.5, 0, 0),
]


def plan(workflow: Workflow | dict) -> Plan:
    return plan_of(graph_of(workflow if isinstance(workflow, dict) else workflow.data()))


def listed(result: Plan) -> str:
    return "\n".join(str(item) for item in result.not_understood)


def test_two_chained_editors_and_two_lines_give_exactly_these_keys():
    result = plan(chained(TWO_LINES, FIRST, SECOND))
    assert list(result.keys) == EXPECTED
    assert (result.frames, result.rate) == (54, 8)
    assert result.not_understood == ()


@pytest.mark.parametrize("layout", comfyui_files.COMMANDS)
@pytest.mark.parametrize("tail", comfyui_files.TAILS)
def test_older_and_newer_layouts_of_the_nodes(tail, layout):
    result = plan(chained(TWO_LINES, FIRST, SECOND, tail=tail, layout=layout))
    assert list(result.keys) == EXPECTED
    assert result.not_understood == ()


def test_the_api_form_gives_the_same():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    expected = plan(workflow)
    for data in (workflow.api(), {"prompt": workflow.api(), "client_id": "x"}):
        result = plan(data)
        assert result == expected


def test_the_order_is_that_of_the_links():
    workflow = Workflow()
    animator = workflow.animator([0, 0, 1.7, True, TWO_LINES])
    second, first = workflow.editor(**SECOND), workflow.editor(**FIRST)
    workflow.link(second, 1, animator, "motion_link")
    workflow.link(first, 1, second, "motion_link")
    workflow.link(workflow.image(), 0, first, "src_image")
    result = plan(workflow)
    assert list(result.keys) == EXPECTED
    assert [strip.file for strip in result.strips] == ["portrait.png"], "the chain begins with the portrait"


def test_a_bypassed_editor_does_not_count():
    workflow = Workflow()
    first, between, second = workflow.editor(**FIRST), workflow.editor(mode=4, smile=1), workflow.editor(**SECOND)
    animator = workflow.animator([0, 0, 1.7, True, TWO_LINES])
    workflow.link(first, 1, between, "motion_link")
    workflow.link(between, 1, second, "motion_link")
    workflow.link(second, 1, animator, "motion_link")
    result = plan(workflow)
    assert list(result.keys) == EXPECTED
    assert "bypassed" in listed(result)


def test_a_muted_editor_ends_the_chain():
    workflow = Workflow()
    first, second = workflow.editor(mode=2, **FIRST), workflow.editor(**SECOND)
    animator = workflow.animator([0, 0, 1.7, True, TWO_LINES])
    workflow.link(first, 1, second, "motion_link")
    workflow.link(second, 1, animator, "motion_link")
    result = plan(workflow)
    assert {(key.control, key.frame, key.value) for key in result.keys if key.control == "head_pitch"} == {
        ("head_pitch", 0, 0), ("head_pitch", 1, -10), ("head_pitch", 11, -10)
    }  # fmt: skip
    assert "muted" in listed(result)
    assert "there is no editor 2" in listed(result)


def test_reroutes_are_followed():
    workflow = chained(TWO_LINES, FIRST, SECOND)
    reroute = workflow.add("Reroute", None, [("", "*")], [("", "EDITOR_LINK")])
    animator = next(node["id"] for node in workflow.nodes if node["type"] == "AdvancedLivePortrait")
    old = next(link for link in workflow.links if link[3] == animator and link[5] == "EDITOR_LINK")
    workflow.link(old[1], 1, reroute, "")
    workflow.link(reroute, 0, animator, "motion_link")
    assert list(plan(workflow).keys) == EXPECTED


def test_pairs_of_set_and_get_nodes_are_followed():
    workflow = Workflow()
    editor = workflow.editor(rotate_yaw=20)
    setter = workflow.add("SetNode", ["chain"], [("EDITOR_LINK", "EDITOR_LINK")], [("*", "*")])
    getter = workflow.add("GetNode", ["chain"], [], [("EDITOR_LINK", "EDITOR_LINK")])
    animator = workflow.animator([0, 0, True, "1 = 5:0"])
    workflow.link(editor, 1, setter, "EDITOR_LINK")
    workflow.link(getter, 0, animator, "motion_link")
    assert list(plan(workflow).keys) == [Key("head_yaw", 0, 0, "LINEAR"), Key("head_yaw", 5, 20, "LINEAR")]


def with_linked_slider(origin_type: str, widgets: list) -> dict:
    """One editor whose slider "smile" comes through a link instead of its widget, which still holds 0.9."""
    workflow = Workflow()
    editor = workflow.editor(smile=0.9)
    animator = workflow.animator([0, 0, True, "1 = 5:0"])
    workflow.link(editor, 1, animator, "motion_link")
    inputs = workflow.nodes[editor - 1]["inputs"]
    inputs.append({"name": "smile", "type": "FLOAT", "link": None, "widget": {"name": "smile"}})
    origin = workflow.add(origin_type, widgets, [], [("FLOAT", "FLOAT")])
    workflow.link(origin, 0, editor, "smile")
    return workflow.data()


def test_a_widget_made_an_input_has_the_value_at_the_other_end():
    result = plan(with_linked_slider("PrimitiveNode", [0.25, "fixed"]))
    assert [key.value for key in result.keys] == [0, 0.25]
    assert result.not_understood == ()


def test_a_value_that_only_running_would_tell_is_listed_not_guessed():
    result = plan(with_linked_slider("SomeMath", ["a + b"]))
    assert result.keys == ()
    assert "ExpressionEditor 1: smile: comes from a link" in listed(result)


def test_names_in_newer_files_tell_the_order_of_widgets():
    workflow = chained("1 = 5:0", {})
    editor = next(node for node in workflow.nodes if node["type"] == "ExpressionEditor")
    names = ["smile", "rotate_yaw", "something_new"]
    editor["widgets_values"] = [0.5, 10, "x"]
    editor["inputs"] += [{"name": name, "type": "FLOAT", "link": None, "widget": {"name": name}} for name in names]
    assert {key.control: key.value for key in plan(workflow).keys} == {"head_yaw": 10, "mouth_smile": 0.5}


def test_widgets_saved_by_name_are_read():
    workflow = chained("1 = 5:0", {})
    editor = next(node for node in workflow.nodes if node["type"] == "ExpressionEditor")
    editor["widgets_values"] = {"smile": 0.5}
    assert {key.control: key.value for key in plan(workflow).keys} == {"mouth_smile": 0.5}


@pytest.mark.parametrize("widgets", [[1] * 11, [0] * 12 + ["All", 1], [0] * 11 + ["x", 1, 1], [0] * 17])
def test_an_unknown_layout_is_listed_not_guessed(widgets):
    workflow = chained("1 = 5:0", {})
    editor = next(node for node in workflow.nodes if node["type"] == "ExpressionEditor")
    editor["widgets_values"] = widgets
    result = plan(workflow)
    assert result.keys == ()
    assert "layout of the node is not known" in listed(result)


def test_a_switch_that_holds_an_old_value_counts_as_in_the_node_and_is_listed():
    workflow = chained("", FIRST)
    animator = next(node for node in workflow.nodes if node["type"] == "AdvancedLivePortrait")
    animator["widgets_values"] = [0, 0, 1.7, "1 = 2:3", "", False, "1 = 2:3"]
    result = plan(workflow)
    assert result.settings["live_portrait"]["turn_on"] is True
    assert result.settings["live_portrait"]["tracking_src_vid"] is False
    assert {key.frame for key in result.keys} == {0, 2, 5}
    assert "turn_on = '1 = 2:3'" in listed(result)


def test_links_as_objects():
    data = chained(TWO_LINES, FIRST, SECOND).data()
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    data["links"] = [dict(zip(names, link, strict=True)) for link in data["links"]]
    assert list(plan(data).keys) == EXPECTED


def subgraph_file(mode: int = 0) -> dict:
    """The chain of the issue, with both editors inside a subgraph that shows the first one's yaw as its own widget."""
    data = chained(TWO_LINES, {**FIRST, "rotate_yaw": 3}, SECOND).data()
    image, _video, first, second, animator, _combine = data["nodes"]
    first["inputs"].append({"name": "rotate_yaw", "type": "FLOAT", "link": 903, "widget": {"name": "rotate_yaw"}})
    first["inputs"][0]["link"], second["inputs"][0]["link"] = 900, 901
    inner_links = [
        {"id": 900, "origin_id": -10, "origin_slot": 0, "target_id": first["id"], "target_slot": 0, "type": "IMAGE"},
        {"id": 901, "origin_id": -10, "origin_slot": 0, "target_id": second["id"], "target_slot": 0, "type": "IMAGE"},
        {"id": 902, "origin_id": second["id"], "origin_slot": 1, "target_id": -20, "target_slot": 0, "type": "X"},
        {"id": 903, "origin_id": -10, "origin_slot": 1, "target_id": first["id"], "target_slot": 4, "type": "FLOAT"},
        {"id": 904, "origin_id": first["id"], "origin_slot": 1, "target_id": second["id"], "target_slot": 1},
    ]
    second["inputs"][1]["link"] = 904
    definition = {
        "id": "chain-of-two",
        "inputs": [{"name": "portrait", "type": "IMAGE"}, {"name": "turn", "type": "FLOAT"}],
        "outputs": [{"name": "chain", "type": "EDITOR_LINK"}],
        "nodes": [first, second],
        "links": inner_links,
    }
    instance = {
        "id": 50,
        "type": "chain-of-two",
        "mode": mode,
        "inputs": [
            {"name": "portrait", "type": "IMAGE", "link": 910},
            {"name": "turn", "type": "FLOAT", "link": None, "widget": {"name": "turn"}},
        ],
        "outputs": [{"name": "chain", "type": "EDITOR_LINK", "links": [911]}],
        "widgets_values": [20],
    }
    animator["inputs"][0]["link"] = None
    animator["inputs"][1]["link"] = 911
    data["nodes"] = [instance, *(node for node in data["nodes"] if node not in (first, second))]
    data["links"] += [[910, image["id"], 0, 50, 0, "IMAGE"], [911, 50, 0, animator["id"], 1, "EDITOR_LINK"]]
    data["definitions"] = {"subgraphs": [definition]}
    return data


def test_subgraphs_are_followed():
    result = plan(subgraph_file())
    assert list(result.keys) == EXPECTED
    assert result.strip("source") == PlannedStrip("source", "image", "portrait.png", node="1")
    assert result.not_understood == ()


def test_what_is_inside_a_muted_subgraph_does_not_run():
    result = plan(subgraph_file(mode=2))
    assert result.keys == ()
    assert "50:3: the node: it is muted" in listed(result)


def test_a_subgraph_that_holds_itself_is_refused():
    data = subgraph_file()
    data["definitions"]["subgraphs"][0]["nodes"].append(copy.deepcopy(data["nodes"][0]))
    with pytest.raises(TalkingHeadError, match="nested"):
        graph_of(data)


def test_a_chain_that_ends_in_itself_is_told():
    workflow = Workflow()
    editor, animator = workflow.editor(smile=1), workflow.animator([0, 0, True, "1 = 1:1"])
    workflow.link(editor, 1, editor, "motion_link")
    workflow.link(editor, 1, animator, "motion_link")
    assert "ends in itself" in listed(plan(workflow))


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


def test_samples_and_files_are_listed():
    workflow = chained("1 = 5:0", {"smile": 0.25})
    loader = workflow.add("LoadExpData", ["grin", 0.5], [], [("exp", "EXP_DATA")])
    workflow.link(loader, 0, 3, "add_exp")
    workflow.link(workflow.image("sample.png"), 0, 3, "sample_image")
    workflow.nodes[2]["widgets_values"][12] = 0.5
    text = listed(plan(workflow))
    assert "add_exp from LoadExpData" in text and "grin.exp" in text
    assert "sample_image" in text
    assert "src_ratio = 0.5" in text


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
    settings = result.settings["hello_meme"]
    assert {name: settings[name] for name in ("prompt", "negative_prompt", "steps", "seed", "guidance_scale")} == {
        "prompt": "best", "negative_prompt": "bad", "steps": 25, "seed": 1234, "guidance_scale": 2
    }  # fmt: skip
    assert [(strip.role, strip.file, strip.cap, strip.rate) for strip in result.strips] == [
        ("source", "portrait.png", 0, None), ("acting", "acting.mp4", 48, Fraction(16))
    ]  # fmt: skip
    assert (result.frames, result.rate, result.keys) == (48, 16, ())
    assert result.settings["hello_meme_models"]["lora"] == "toon"
    assert result.settings["image_resize_source"]["side_ratio"] == "1:1"
    assert "no engine that is installed uses them" in listed(result)
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


@pytest.mark.parametrize("data", [[], 3, None, {}, {"a": 1}, {"format": "x", "frames": []}, {"nodes": 5}])
def test_what_is_no_workflow_is_refused(data):
    with pytest.raises(TalkingHeadError, match="no workflow of ComfyUI"):
        graph_of(data)


def nested(depth: int) -> list:
    result: list = []
    for _ in range(depth):
        result = [result]
    return result


@pytest.mark.parametrize(
    "data",
    [
        {"nodes": [{"id": 1}], "links": [[1], None, 5, {"id": 1}]},
        {"nodes": [{"id": 1, "type": "ExpressionEditor", "widgets_values": 5, "inputs": 7, "outputs": "x"}]},
        {"nodes": [], "links": None, "definitions": []},
        {"1": {"class_type": "AdvancedLivePortrait", "inputs": {"motion_link": ["9", 0], "command": 3}}},
        {"1": {"class_type": "ExpressionEditor", "inputs": {"smile": "a lot", "aaa": None, "eee": float("nan")}}},
        {"1": {"class_type": "VHS_VideoCombine", "inputs": {"frame_rate": 1e999, "loop_count": 10**400, "crf": 1e999}}},
        {"1": {"class_type": "HMPipelineVideo", "inputs": {"prompt": nested(900), "seed": [float("inf"), {"a": 1}]}}},
    ],
)
def test_damaged_workflows_are_read_as_far_as_they_go(data):
    result = plan_of(graph_of(data))
    assert result.keys == ()
    json.dumps(result.to_dict(), allow_nan=False)
