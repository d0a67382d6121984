# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator that mends an error, by the error's action."""

from collections.abc import Mapping
from typing import Any

from ..inference.errors import Action, ErrorCode, TalkingHeadError

OPERATORS: Mapping[Action, str] = {
    Action.SET_UP_WORKER: "talkinghead.set_up_worker",
    Action.REPAIR_WORKER: "talkinghead.repair_worker",
    Action.INSTALL_SPEECH: "talkinghead.install_speech",
    Action.INSTALL_NEURAL: "talkinghead.install_neural",
    Action.INSTALL_DIFFUSION: "talkinghead.install_diffusion",
    Action.GET_MODELS: "talkinghead.get_models",
    Action.PLACE_POINTS: "talkinghead.place_points",
    Action.CHOOSE_FACE: "talkinghead.choose_face",
    Action.CHOOSE_FOLDER: "talkinghead.choose_folder",
    Action.READ_DRIVER: "talkinghead.read_drivers",
    Action.SHOW_LOG: "talkinghead.show_log",
}


def operator_of(error: TalkingHeadError) -> str | None:
    """Name of the operator that mends an error, or None."""
    if error.code is ErrorCode.LICENCE_NOT_ACCEPTED:
        return "talkinghead.give_consent"
    return OPERATORS.get(error.action)


def draw_error(layout: Any, error: TalkingHeadError) -> None:
    """Draw what is wrong, what to do, and the button that does it."""
    box = layout.box()
    column = box.column(align=True)
    for number, line in enumerate(_wrapped(error.message) + _wrapped(error.hint)):
        column.label(text=line, icon="ERROR" if number == 0 else "BLANK1")
    operator = operator_of(error)
    if operator:
        box.operator(operator)


def draw_note(layout: Any, text: str, icon: str = "INFO") -> None:
    """Draw a sentence over as many lines as it needs."""
    column = layout.column(align=True)
    for number, line in enumerate(_wrapped(text)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def _wrapped(text: str, width: int = 44) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
