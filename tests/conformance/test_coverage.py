# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of a case is skipped unseen: an array that no test has read fails the run. This file runs last."""

from __future__ import annotations

import pytest

ENGINES = ("liveportrait", "tpsmm", "edtalk", "xportrait", "hellomeme", "wananimate", "omniavatar")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_array_was_read(engine, case_of, complete):
    if not complete(engine):
        pytest.skip(f"only a part of the tests of {engine} was chosen")
    unread = case_of(engine).unread()
    if unread:
        pytest.fail(f"No test reads {len(unread)} arrays: {', '.join(unread)}", pytrace=False)
