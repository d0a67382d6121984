# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as data."""

from __future__ import annotations

import pytest

from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.worker.failures import as_error


@pytest.mark.parametrize("code", list(ErrorCode))
def test_there_and_back(code):
    error = TalkingHeadError(code, "It broke.", "Mend it.", Action.SHOW_LOG, "trace")
    again = TalkingHeadError.from_dict(dict(error.to_dict()))
    assert again == error
    assert again.details == "trace"
    assert str(again) == "It broke. Mend it."


def test_codes_are_their_own_wire_form():
    assert all(code.name == code.value for code in ErrorCode)


def test_a_newer_side_is_understood():
    error = TalkingHeadError.from_dict({"code": "NEW_CODE", "message": "Odd.", "action": "NEW_BUTTON", "more": 1})
    assert (error.code, error.message, error.action) == (ErrorCode.INTERNAL, "Odd.", Action.NONE)
    assert TalkingHeadError.from_dict({}).message


def test_any_exception_becomes_a_sentence():
    assert as_error(MemoryError()).code is ErrorCode.OUT_OF_MEMORY
    assert as_error(OSError(28, "No space left on device", "/a/b.png")).code is ErrorCode.DISK_FULL
    assert as_error(PermissionError(13, "Permission denied", "/a/b.png")).code is ErrorCode.OUTPUT_NOT_WRITABLE
    error = as_error(KeyError("x"))
    assert error.code is ErrorCode.INTERNAL
    assert "KeyError" in error.details
    kept = TalkingHeadError(ErrorCode.NO_FACE, "No face.")
    assert as_error(kept) is kept


def test_failed_allocation_in_opencv():
    import cv2
    import numpy as np

    with pytest.raises(cv2.error) as caught:
        cv2.copyMakeBorder(np.zeros((2, 2), np.uint8), 0, 2**30, 0, 2**30, cv2.BORDER_CONSTANT)
    assert as_error(caught.value).code in (ErrorCode.OUT_OF_MEMORY, ErrorCode.INTERNAL)
