# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that cross the border between worker and Blender: as data, never as pickled exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class ErrorCode(str, Enum):
    """Closed list of what can go wrong. The value is the wire form and never changes."""

    NO_FACE = "NO_FACE"
    SOURCE_MISSING = "SOURCE_MISSING"
    SOURCE_UNREADABLE = "SOURCE_UNREADABLE"
    SOURCE_TOO_LARGE = "SOURCE_TOO_LARGE"
    UNSUPPORTED_INPUT = "UNSUPPORTED_INPUT"
    INVALID_REQUEST = "INVALID_REQUEST"
    WEIGHTS_MISSING = "WEIGHTS_MISSING"
    WEIGHTS_CORRUPT = "WEIGHTS_CORRUPT"
    LICENCE_NOT_ACCEPTED = "LICENCE_NOT_ACCEPTED"
    PACKAGE_MISSING = "PACKAGE_MISSING"
    ENVIRONMENT_BROKEN = "ENVIRONMENT_BROKEN"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    DRIVER_TOO_OLD = "DRIVER_TOO_OLD"
    DISK_FULL = "DISK_FULL"
    OUTPUT_NOT_WRITABLE = "OUTPUT_NOT_WRITABLE"
    OFFLINE = "OFFLINE"
    DOWNLOAD_FAILED = "DOWNLOAD_FAILED"
    CANCELLED = "CANCELLED"
    PROTOCOL = "PROTOCOL"
    WORKER_DIED = "WORKER_DIED"
    INTERNAL = "INTERNAL"


class Action(str, Enum):
    """What mends an error with one click; Blender maps it to an operator."""

    NONE = ""
    SET_UP_WORKER = "SET_UP_WORKER"
    REPAIR_WORKER = "REPAIR_WORKER"
    INSTALL_SPEECH = "INSTALL_SPEECH"
    INSTALL_NEURAL = "INSTALL_NEURAL"
    INSTALL_DIFFUSION = "INSTALL_DIFFUSION"
    GET_MODELS = "GET_MODELS"
    PLACE_POINTS = "PLACE_POINTS"
    CHOOSE_FACE = "CHOOSE_FACE"
    CHOOSE_FOLDER = "CHOOSE_FOLDER"
    READ_DRIVER = "READ_DRIVER"
    SHOW_LOG = "SHOW_LOG"


@dataclass
class TalkingHeadError(Exception):
    """A failure told to the user.

    ``message`` is one sentence that says what is wrong; ``hint`` says what to do; ``action`` is the button that mends
    it, where one exists; ``details`` is for the log (a traceback, a path).
    """

    code: ErrorCode
    message: str
    hint: str = ""
    action: Action = Action.NONE
    details: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def to_dict(self) -> dict[str, str]:
        """The wire form."""
        return {
            "code": self.code.value,
            "message": self.message,
            "hint": self.hint,
            "action": self.action.value,
            "details": self.details,
        }

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> TalkingHeadError:
        """Read the wire form; an unknown code or action becomes INTERNAL or NONE: older and newer sides can talk."""
        try:
            code = ErrorCode(str(data.get("code")))
        except ValueError:
            code = ErrorCode.INTERNAL
        try:
            action = Action(str(data.get("action", "")))
        except ValueError:
            action = Action.NONE
        text = {key: str(data.get(key, "")) for key in ("message", "hint", "details")}
        return cls(code, text["message"] or "Something went wrong", text["hint"], action, text["details"])
