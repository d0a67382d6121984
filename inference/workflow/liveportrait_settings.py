# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a workflow becomes settings and sliders that the engine LivePortrait alone has.

Settings stand under the topic ``ENGINE``, named as in the engine's description.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..controls import BY_NAME, Group, controls_in
from ..engines.liveportrait.description import CROP_SCALE, LIVEPORTRAIT, SAMPLE
from .graph import Node
from .reading import Reading

ENGINE = LIVEPORTRAIT.name
OWN_CONTROLS: tuple[str, ...] = tuple(control.name for control in controls_in(Group.LIVEPORTRAIT))
REST: Mapping[str, float] = MappingProxyType({name: BY_NAME[name].rest for name in OWN_CONTROLS})
SOURCE_RATIO = "liveportrait_source_ratio"
# What the parts of ``ExpressionEditor`` add of a sample picture.
SAMPLE_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "OnlyExpression": ("liveportrait_sample_expression",),
        "OnlyRotation": ("liveportrait_sample_rotation",),
        "OnlyMouth": ("liveportrait_sample_mouth",),
        "OnlyEyes": ("liveportrait_sample_eyes",),
        "All": ("liveportrait_sample_expression", "liveportrait_sample_rotation"),
    }
)


def limited(name: str, value: float) -> float:
    """A value within its control's limits."""
    return min(max(value, BY_NAME[name].minimum), BY_NAME[name].maximum)


def crop_scale(reading: Reading, factor: float) -> float:
    """Set the engine's crop to so many times its usual value, as far as it goes; the value."""
    usual = float(CROP_SCALE.default)  # type: ignore[arg-type]
    scale = round(min(max(usual * factor, CROP_SCALE.minimum), CROP_SCALE.maximum), 3)
    reading.setting(ENGINE, **{CROP_SCALE.name: scale})
    return scale


def sample(reading: Reading, node: Node, file: str) -> bool:
    """Set the engine's sample picture, of which there is one; whether it is this file."""
    known = reading.settings.get(ENGINE, {}).get(SAMPLE.name, file)
    reading.setting(ENGINE, **{SAMPLE.name: known})
    if known != file:
        reading.report(node, f"sample_image {file}", f"one sample picture counts, {known}")
    return known == file
