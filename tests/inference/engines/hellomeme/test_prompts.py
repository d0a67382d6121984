# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is added to the user's words."""

from __future__ import annotations

import pytest

from inference.engines.hellomeme.prompts import whole_prompt


@pytest.mark.parametrize(("version", "part"), [("v5", "five sense organs"), ("v5b", "masterpiece")])
def test_words_come_first(version, part):
    whole = whole_prompt("  a clown ", version)
    assert whole.startswith("a clown, ") and part in whole
    assert whole_prompt(" ", version) == whole.removeprefix("a clown, ")
