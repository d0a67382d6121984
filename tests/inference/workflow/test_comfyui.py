# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the graph of a ComfyUI workflow is read: links, modes, subgraphs, layouts of widgets, damaged files."""

from __future__ import annotations

import copy
import json

import comfyui_files
import pytest
from comfyui_files import Workflow, chained
from comfyui_plans import EXPECTED, FIRST, SECOND, TWO_LINES, listed, plan

from inference.errors import TalkingHeadError
from inference.workflow.comfyui import graph_of
from inference.workflow.convert import plan_of
from inference.workflow.plan import Key, PlannedStrip


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
