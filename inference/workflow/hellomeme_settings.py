# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of HelloMeme's nodes becomes settings of the engine HelloMeme, under the topic ``ENGINE``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..engines.common_settings import SEED
from ..engines.description import Setting
from ..engines.hellomeme.description import (
    CHECKPOINT,
    CHECKPOINT_USE,
    GUIDANCE,
    HELLOMEME,
    LORA,
    LORA_STRENGTH,
    MODEL,
    MOVEMENT,
    NEGATIVE,
    PROMPT,
    STEPS,
)
from .graph import Node
from .reading import Reading

ENGINE = HELLOMEME.name
# What the loaders' lists have for nothing chosen.
_NOTHING = {"", "none", "[none]", "same", "sd1.5", "stable-diffusion-v1-5"}
_SEEDS = int(SEED.maximum) + 1


@dataclass(frozen=True)
class _Field:
    """A widget and its setting.

    Attributes:
        taken: the setting's value; None where the engine has nothing like it.
    """

    setting: Setting
    taken: Callable[[object], object]


def _words(value: object) -> object:
    return str(value)


def _file(value: object) -> object:
    name = str(value).strip()
    return "" if name.lower() in _NOTHING else name


def _within(setting: Setting) -> Callable[[object], object]:
    """A number, as far as the setting goes."""

    def taken(value: object) -> object:
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None
        limited = min(max(number, setting.minimum), setting.maximum)
        return round(limited) if isinstance(setting.default, int) else limited

    return taken


def _seed(value: object) -> object:
    return value % _SEEDS if isinstance(value, int) else None


def _one_of(values: Mapping[str, str]) -> Callable[[object], object]:
    return lambda value: values.get(str(value).lower())


_FIELDS: Mapping[str, _Field] = {
    "prompt": _Field(PROMPT, _words),
    "negative_prompt": _Field(NEGATIVE, _words),
    "steps": _Field(STEPS, _within(STEPS)),
    "seed": _Field(SEED, _seed),
    "guidance_scale": _Field(GUIDANCE, _within(GUIDANCE)),
    "trans_ratio": _Field(MOVEMENT, _within(MOVEMENT)),
    "checkpoint": _Field(CHECKPOINT, _file),
    "lora": _Field(LORA, _file),
    "lora_scale": _Field(LORA_STRENGTH, _within(LORA_STRENGTH)),
    "stylize": _Field(CHECKPOINT_USE, _one_of({"x1": "drawing", "x2": "all"})),
    "version": _Field(MODEL, _one_of({"v5": "v5", "v5b": "v5b"})),
}


def take(reading: Reading, node: Node, values: Mapping[str, object]) -> dict[str, object]:
    """Set what the engine has too.

    Args:
        values: widgets of a node by name.

    Returns:
        What it has not, as it was.
    """
    rest = {}
    for name, value in values.items():
        field = _FIELDS.get(name)
        taken = None if field is None else field.taken(value)
        if field is None or taken is None:
            rest[name] = value
            continue
        reading.setting(ENGINE, **{field.setting.name: taken})
        if taken != value and taken != "" and name != "stylize":
            reading.report(node, f"{name} {value}", f"HelloMeme's {field.setting.label} goes as far as {taken}")
    return rest
