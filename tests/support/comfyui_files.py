# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds ComfyUI workflows of the tests' own, in the editor's form and in the API's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SLIDERS = (
    "rotate_pitch", "rotate_yaw", "rotate_roll", "blink", "eyebrow", "wink", "pupil_x", "pupil_y", "aaa", "eee", "woo",
    "smile",
)  # fmt: skip
TAILS: Mapping[str, tuple[object, ...]] = {
    "first": (1, 1),
    "with crop": (1, 1, 1.7),
    "with parts": (1, 1, "OnlyExpression", 1.7),
}
COMMANDS: Mapping[str, Any] = {
    "first": lambda command: [0, 0, True, command],
    "with crop": lambda command: [0, 0, 1.7, True, command],
    "with switches": lambda command: [0, 0, 1.7, True, False, False, command],
}
_EDITOR_INPUTS = (
    ("src_image", "IMAGE"), ("motion_link", "EDITOR_LINK"), ("sample_image", "IMAGE"), ("add_exp", "EXP_DATA"),
)  # fmt: skip
_EDITOR_OUTPUTS = (("image", "IMAGE"), ("motion_link", "EDITOR_LINK"), ("save_exp", "EXP_DATA"))
_ANIMATOR_INPUTS = (("src_images", "IMAGE"), ("motion_link", "EDITOR_LINK"), ("driving_images", "IMAGE"))


class Workflow:
    """A workflow of the editor that grows node by node."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []

    def add(
        self,
        type_name: str,
        widgets: object = None,
        inputs: Sequence[tuple[str, str]] = (),
        outputs: Sequence[tuple[str, str]] = (),
        mode: int = 0,
    ) -> int:
        """Add a node; its id."""
        number = len(self.nodes) + 1
        node: dict[str, Any] = {
            "id": number,
            "type": type_name,
            "mode": mode,
            "inputs": [{"name": name, "type": kind, "link": None} for name, kind in inputs],
            "outputs": [{"name": name, "type": kind, "links": []} for name, kind in outputs],
        }
        if widgets is not None:
            node["widgets_values"] = widgets
        self.nodes.append(node)
        return number

    def link(self, origin: int, slot: int, target: int, name: str) -> None:
        """Link an output to an input."""
        number = len(self.links) + 1
        inputs = self.nodes[target - 1]["inputs"]
        position = next(i for i, entry in enumerate(inputs) if entry["name"] == name)
        inputs[position]["link"] = number
        output = self.nodes[origin - 1]["outputs"][slot]
        output["links"].append(number)
        self.links.append([number, origin, slot, target, position, output["type"]])

    def image(self, file: str = "portrait.png") -> int:
        """A node that loads a picture."""
        return self.add("LoadImage", [file, "image"], outputs=(("IMAGE", "IMAGE"), ("MASK", "MASK")))

    def video(self, **values: object) -> int:
        """A VHS_LoadVideo node."""
        widgets = {"video": "acting.mp4", "force_rate": 0, "frame_load_cap": 0, "skip_first_frames": 0}
        widgets |= {"select_every_nth": 1, "force_size": "Disabled", **values}
        return self.add("VHS_LoadVideo", widgets, outputs=(("IMAGE", "IMAGE"),))

    def editor(self, tail: Sequence[object] = TAILS["with parts"], mode: int = 0, **sliders: float) -> int:
        """An ExpressionEditor."""
        widgets = [*(sliders.get(name, 0) for name in SLIDERS), *tail]
        return self.add("ExpressionEditor", widgets, _EDITOR_INPUTS, _EDITOR_OUTPUTS, mode)

    def animator(self, widgets: object) -> int:
        """An AdvancedLivePortrait node."""
        return self.add("AdvancedLivePortrait", widgets, _ANIMATOR_INPUTS, (("images", "IMAGE"),))

    def combine(self, **values: object) -> int:
        """A VHS_VideoCombine node."""
        widgets = {"frame_rate": 8, "loop_count": 0, "filename_prefix": "out", "format": "video/h264-mp4"}
        widgets |= {"pingpong": False, "save_output": True, **values}
        return self.add("VHS_VideoCombine", widgets, (("images", "IMAGE"), ("audio", "AUDIO")))

    def data(self) -> dict[str, Any]:
        """The JSON value."""
        return {"last_node_id": len(self.nodes), "nodes": self.nodes, "links": self.links, "version": 0.4}

    def api(self) -> dict[str, Any]:
        """The same as the API's form, for nodes whose widgets are sliders, switches and files of this module."""
        return {str(node["id"]): self._api_node(node) for node in self.nodes}

    def _api_node(self, node: Mapping[str, Any]) -> dict[str, Any]:
        inputs = dict(_api_values(node))
        for entry in node["inputs"]:
            link = next((link for link in self.links if link[0] == entry["link"]), None)
            if link is not None:
                inputs[entry["name"]] = [str(link[1]), link[2]]
        return {"class_type": node["type"], "inputs": inputs}


def _api_values(node: Mapping[str, Any]) -> Mapping[str, object]:
    widgets = node.get("widgets_values", {})
    if isinstance(widgets, dict):
        return widgets
    names: Mapping[str, Sequence[str]] = {
        "LoadImage": ("image",),
        "ExpressionEditor": (*SLIDERS, "src_ratio", "sample_ratio", "sample_parts", "crop_factor"),
        "AdvancedLivePortrait": ("retargeting_eyes", "retargeting_mouth", "crop_factor", "turn_on", "command"),
    }
    return dict(zip(names[node["type"]], widgets, strict=False))


def chained(command: str, *poses: Mapping[str, float], tail: str = "with parts", layout: str = "with crop") -> Workflow:
    """A portrait, a chain of editors, a driving clip and a film of 8 frames a second."""
    workflow = Workflow()
    image, video = workflow.image(), workflow.video(force_rate=8, frame_load_cap=32)
    before = 0
    for pose in poses:
        editor = workflow.editor(TAILS[tail], **pose)
        workflow.link(image, 0, editor, "src_image")
        if before:
            workflow.link(before, 1, editor, "motion_link")
        before = editor
    animator = workflow.animator(COMMANDS[layout](command))
    workflow.link(image, 0, animator, "src_images")
    if before:
        workflow.link(before, 1, animator, "motion_link")
    workflow.link(video, 0, animator, "driving_images")
    workflow.link(animator, 0, workflow.combine(frame_rate=8), "images")
    return workflow


def save(path: Path, data: object) -> Path:
    """Write JSON."""
    path.write_text(json.dumps(data), encoding="utf-8")
    return path
