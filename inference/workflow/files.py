# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file of ComfyUI or LivePortrait, whichever kind it is, into a plan."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from ..errors import ErrorCode, TalkingHeadError
from .comfyui import graph_of
from .convert import plan_of
from .motion_files import expression_plan, template_plan
from .plan import Plan

LARGEST_BYTES = 64 * 2**20


def read_plan(path: Path) -> Plan:
    """The plan of a workflow (.json), an expression (.exp) or a motion template (.pkl).

    Raises:
        TalkingHeadError: SOURCE_MISSING or INVALID_REQUEST.
    """
    content = _content(path)
    if path.suffix.lower() == ".exp":
        return expression_plan(content)
    if path.suffix.lower() == ".pkl":
        return template_plan(content)
    return plan_of(graph_of(_json(path, content)))


def _content(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise _invalid(path, "it is no file")
        if state.st_size > LARGEST_BYTES:
            raise _invalid(path, "it is larger than any such file")
        return path.read_bytes()
    except FileNotFoundError:
        raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"There is no file {path}.", "Check the path.") from None
    except OSError as error:
        raise _invalid(path, str(error.strerror or error)) from error


def _json(path: Path, content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _invalid(path, f"it is not JSON ({str(error) or type(error).__name__})") from error


def _invalid(path: Path, details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"{path} cannot be read: {details}.",
        "Choose a workflow of ComfyUI (.json), an expression file (.exp) or a motion template (.pkl).",
    )
