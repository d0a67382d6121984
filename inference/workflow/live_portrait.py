# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ExpressionEditor`` and ``AdvancedLivePortrait``: poses, their order, and the keys that a command text makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..controls import POSE_NAMES
from . import expression_editor, liveportrait_settings, motion_command
from .expression_editor import BY_SLIDER
from .graph import Node
from .liveportrait_settings import OWN_CONTROLS, REST
from .media_nodes import medium
from .plan import ACTING, CONSTANT, SAMPLE, SOURCE, Key, PlannedStrip
from .reading import Reading

ANIMATOR = "AdvancedLivePortrait"
EDITOR = "ExpressionEditor"
TOPIC = "live_portrait"
_DEFAULT_CROP = 1.7
_LONGEST_CHAIN = 1000
_SAVED_EXPRESSION = 2  # position of the editor's output of that name
_NO_RETARGETING = "it is kept in the settings; LivePortrait's own retargeting follows the clip's eyes and lips instead"


@dataclass(frozen=True)
class Film:
    """What an animating node makes."""

    strips: tuple[PlannedStrip, ...]
    keys: tuple[Key, ...]
    frames: int


def film_of(reading: Reading, node: Node) -> Film:
    """The strips and keys of an ``AdvancedLivePortrait`` node."""
    reading.use(node)
    _settings(reading, node)
    chain = _chain(reading, node)
    edits: list[Node] = []
    source = medium(reading, node, "src_images", SOURCE, edits)
    if source is None and chain:
        source = medium(reading, chain[0], "src_image", SOURCE)
    acting = medium(reading, node, "driving_images", ACTING)
    poses = _poses(reading, node, chain, edits)
    steps = _steps(reading, node, chain)
    _tell_crossings(reading, node, steps, poses)
    length = motion_command.length(steps)
    _tell_length(reading, node, length, source, acting)
    caps = [strip.cap for strip in (source, acting) if strip is not None]
    strips = tuple(strip for strip in (source, acting) if strip is not None)
    return Film(strips, tuple(_keys(steps, poses)), max(length, *caps, 0))


def _poses(reading: Reading, node: Node, chain: Sequence[Node], edits: Sequence[Node]) -> list[dict[str, float]]:
    """Slider values by index of the command: neutral, then the chain's, each on top of what changes the portrait."""
    base = dict.fromkeys(expression_editor.NAMES, 0.0)
    for editor in edits:
        reading.note(f"{EDITOR} {editor.id} changes the portrait before it is animated: its pose is always there.")
        base = _sum(base, _pose(reading, editor, still=True))
    poses = [base, *(_sum(base, _pose(reading, editor)) for editor in chain)]
    if edits:
        for pose in poses:
            _list_losses(reading, node, pose)
    return poses


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Two poses on top of each other: positions of sliders, and the engine's own controls counted from their rest."""
    result = {name: one.get(name, 0.0) + other.get(name, 0.0) for name in expression_editor.NAMES}
    for name in OWN_CONTROLS:
        if name in one or name in other:
            result[name] = one.get(name, REST[name]) + other.get(name, REST[name]) - REST[name]
    return result


def _rig(pose: Mapping[str, float]) -> dict[str, float]:
    """Controls of a pose that do not rest."""
    own = {name: liveportrait_settings.limited(name, pose[name]) for name in OWN_CONTROLS if name in pose}
    return expression_editor.to_rig(pose)[0] | {name: value for name, value in own.items() if value != REST[name]}


def _keys(steps: Sequence[motion_command.Step], poses: Sequence[Mapping[str, float]]) -> list[Key]:
    """Keys of the commands; without any, the neutral pose holds from frame 1 on."""
    neutral, *others = [_rig(pose) for pose in poses]
    if steps:
        return motion_command.keys_of(steps, others, neutral)
    return [Key(name, 1, neutral[name], CONSTANT) for name in POSE_NAMES if name in neutral]


def still_of(reading: Reading, node: Node) -> Film:
    """The strip and keys of an editor that stands alone: its pose, held from frame 1 on."""
    pose = _rig(_pose(reading, node, still=True))
    source = medium(reading, node, "src_image", SOURCE)
    reading.setting(TOPIC, crop_factor=_crop(reading, node))
    keys = tuple(Key(name, 1, pose[name], CONSTANT) for name in POSE_NAMES if name in pose)
    return Film(() if source is None else (source,), keys, 1)


def last_editors(reading: Reading) -> list[Node]:
    """Editors whose pose goes into no other editor."""
    editors = reading.graph.active(EDITOR)
    consumed = {
        found.id
        for editor in editors
        for name in ("motion_link", "add_exp")
        if (found := reading.graph.linked(editor, name)) is not None
    }
    return [editor for editor in editors if editor.id not in consumed]


def _settings(reading: Reading, node: Node) -> None:
    numbers = {name: reading.number(node, name, 0.0) for name in ("retargeting_eyes", "retargeting_mouth")}
    crop = _crop(reading, node)
    names = ("turn_on", "tracking_src_vid", "animate_without_vid")
    on, tracking, alone = (reading.switch(node, name, name == "turn_on") for name in names)
    reading.setting(
        TOPIC, **numbers, crop_factor=crop, turn_on=on, tracking_src_vid=tracking, animate_without_vid=alone
    )
    for name, value in numbers.items():
        if value:
            reading.report(node, f"{name} = {value:g}", _NO_RETARGETING)
    if not on:
        reading.note(f"{ANIMATOR} {node.id} is turned off in the workflow; it is imported all the same.")


def _crop(reading: Reading, node: Node) -> float:
    """The node's crop factor; another one than usual becomes the engine's crop, in proportion."""
    crop = reading.number(node, "crop_factor", _DEFAULT_CROP)
    if abs(crop - _DEFAULT_CROP) > 1e-6:  # ComfyUI saves 1.7000000000000002 as well
        scale = liveportrait_settings.crop_scale(reading, crop / _DEFAULT_CROP)
        reading.note(f"crop_factor {crop:g} became LivePortrait's Crop {scale:g}, in proportion to their usual values.")
    return crop


def _chain(reading: Reading, node: Node) -> list[Node]:
    """The nodes that reach a node through ``motion_link``, the first one of the chain first."""
    chain: list[Node] = []
    current = reading.graph.linked(node, "motion_link")
    while current is not None and current not in chain and len(chain) < _LONGEST_CHAIN:
        chain.append(current)
        current = reading.graph.linked(current, "motion_link")
    if current is not None:
        reading.report(current, "motion_link", "the chain of editors is too long or ends in itself")
    return chain[::-1]


def _pose(reading: Reading, node: Node, *, still: bool = False) -> dict[str, float]:
    """Slider values of a node, and those of the engine's own controls that it moves.

    An unknown kind of node keeps its place in the chain and stays neutral.

    Args:
        still: the node makes a picture of its own; in a chain it only passes on what it adds.
    """
    reading.use(node)
    if node.type != EDITOR:
        reading.report(node, "its pose", "only ExpressionEditor nodes are read; the pose stays neutral")
        return {}
    sliders = _own_sliders(reading, node)
    _add_expression(reading, node, sliders)
    _list_losses(reading, node, sliders)
    return sliders | _sampled(reading, node) | _source_ratio(reading, node, still)


def _list_losses(reading: Reading, node: Node, sliders: Mapping[str, float]) -> None:
    """List what of a pose the rig has no room for."""
    for loss in expression_editor.to_rig(sliders)[1]:
        reading.report(
            node,
            f"{loss.slider} = {loss.slider_value:g}",
            f"{loss.control} would have to be {loss.wanted:g} and stops at {loss.given:g}",
        )


def _own_sliders(reading: Reading, node: Node) -> dict[str, float]:
    return {name: reading.number(node, name, 0.0) for name in expression_editor.NAMES}


def _add_expression(reading: Reading, node: Node, sliders: dict[str, float]) -> None:
    """Add what is linked to ``add_exp``: another editor's sliders; files and code lists are listed."""
    origin = reading.graph.origin(node, "add_exp")
    if origin is None:
        return
    other = reading.graph.nodes[origin.node]
    if other.type == EDITOR and origin.slot == _SAVED_EXPRESSION and other.unnamed is None:
        reading.use(other)
        for name, value in _own_sliders(reading, other).items():
            if value * sliders[name] < 0 and name in ("eyebrow", "pupil_x"):
                reading.report(node, f"{name} of add_exp", "the two sides of this slider do not cancel out exactly")
            sliders[name] += value
        if "add_exp" in other.links or "sample_image" in other.links:
            reading.report(other, "what it adds to its own sliders", "only the sliders themselves are passed on")
        return
    reading.use(other)
    name = reading.text(other, "file_name")
    hint = f"import the file {name}.exp by itself" if name else "it has no sliders"
    reading.report(node, f"add_exp from {other.type} {other.id}", hint)


def _sampled(reading: Reading, node: Node) -> dict[str, float]:
    """What a sample picture adds; the picture itself becomes a setting of the engine."""
    if reading.graph.linked(node, "sample_image") is None:
        return {}
    file = medium(reading, node, "sample_image", SAMPLE)
    ratio = reading.number(node, "sample_ratio", 1.0)
    if file is None or file.kind != "image":
        reading.report(node, "sample_image", "only a picture that a node loads can be the sample")
        return {}
    parts = reading.text(node, "sample_parts") or "OnlyExpression"
    if parts not in liveportrait_settings.SAMPLE_PARTS:
        reading.report(node, f"sample_parts {parts}", "this part is not known")
        return {}
    if ratio == 0 or not liveportrait_settings.sample(reading, node, file.file):
        return {}
    return dict.fromkeys(liveportrait_settings.SAMPLE_PARTS[parts], ratio)


def _source_ratio(reading: Reading, node: Node, still: bool) -> dict[str, float]:
    ratio = reading.number(node, "src_ratio", 1.0)
    if ratio == 1:
        return {}
    if not still:
        reading.report(node, f"src_ratio = {ratio:g}", "in a film the node leaves it out; Source Ratio can be keyed")
        return {}
    return {liveportrait_settings.SOURCE_RATIO: ratio}


def _steps(reading: Reading, node: Node, chain: Sequence[Node]) -> list[motion_command.Step]:
    text = reading.text(node, "command")
    steps, problems = motion_command.parse(text, len(chain))
    for problem in problems:
        reading.report(node, f"command, line {problem.line}: {problem.text}", problem.reason)
    used = {step.index for step in steps}
    for index, editor in enumerate(chain, 1):
        if index not in used:
            reading.report(editor, f"editor {index} of the chain", "no line of the command uses it")
    return steps


def _tell_length(
    reading: Reading, node: Node, length: int, source: PlannedStrip | None, acting: PlannedStrip | None
) -> None:
    """The node renders as many frames as its media have, unless it animates without a video."""
    if not length or reading.switch(node, "animate_without_vid", False):
        return
    media = [strip for strip in (source, acting) if strip is not None]
    lengths = [1 if strip.kind == "image" else strip.cap for strip in media]
    if 0 in lengths or not lengths or max(lengths) >= length:
        return
    frames = max(lengths)
    reading.note(f"ComfyUI ends this film after frame {frames}, with its clips; the keys go on to frame {length}.")


def _tell_crossings(
    reading: Reading, node: Node, steps: Sequence[motion_command.Step], poses: Sequence[Mapping[str, float]]
) -> None:
    """Fades between the two sides of a slider whose sides have different slopes are not quite even in the rig."""
    before = poses[0]
    for step in steps:
        after = poses[step.index]
        for name in ("blink", "eyebrow"):
            start, end = before[name], after[name]
            if start * end < 0 and step.change > 1:
                reading.report(
                    node,
                    f"the fade of {name} from {start:g} to {end:g}",
                    f"between its keys {BY_SLIDER[name].above.control} goes evenly, where the node goes through rest "
                    f"at {abs(start) / (abs(start) + abs(end)):.0%} of the way",
                )
        before = after
