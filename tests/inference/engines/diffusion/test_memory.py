# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept on the device, by setting and free memory."""

from __future__ import annotations

import pytest

from inference.engines.common_settings import MEMORY
from inference.engines.diffusion.memory import SETTINGS, Decision, Stage, decide, less

GB = 10**9
KEEP = Decision(evict=False, layers=False, leave=True)
MAKE_ROOM = Decision(evict=True, layers=False, leave=True)
PARTS = Decision(evict=True, layers=False, leave=False)
LAYERS = Decision(evict=True, layers=True, leave=False)


def stage(free, others=0, missing=2, working=1):
    return Stage(*(round(part * GB) for part in (free, others, missing, working)))


def test_the_settings_are_those_of_the_engines():
    assert [choice.value for choice in MEMORY.choices] == list(SETTINGS)


@pytest.mark.parametrize(
    ("asked", "decision"),
    [
        (stage(free=8), KEEP),
        (stage(free=3.4), KEEP),
        (stage(free=3.3), LAYERS),  # a tenth is spared
        (stage(free=3.3, others=4), MAKE_ROOM),
        (stage(free=0.5, others=4), MAKE_ROOM),
        (stage(free=0.5, others=2), LAYERS),
        (stage(free=1.2, missing=0), KEEP),
        (stage(free=0.5, missing=0), LAYERS),
    ],
)
def test_automatic_keeps_what_fits(asked, decision):
    assert decide("auto", "cuda", asked) == decision
    assert decide("auto", "mps", asked) == decision


@pytest.mark.parametrize(("setting", "decision"), [("all", KEEP), ("parts", PARTS), ("layers", LAYERS)])
def test_other_settings_are_followed_whatever_is_free(setting, decision):
    for free in (0, 80):
        assert decide(setting, "cuda", stage(free)) == decision


@pytest.mark.parametrize("setting", SETTINGS)
def test_main_memory_is_where_networks_are_anyway(setting):
    assert decide(setting, "cpu", stage(free=0)) == KEEP
    assert less(setting, "cpu") is None


def test_less_and_less():
    assert [less(setting, "cuda") for setting in SETTINGS] == ["parts", "parts", "layers", None]
