# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a redraw is kept on the device, decided from what is free. Pure."""

from __future__ import annotations

from dataclasses import dataclass

SETTINGS = ("auto", "all", "parts", "layers")
"""Values of the setting "memory"; each after "auto" needs less of the device than the one before."""
# What programs and the system take in the meantime, and what cannot be used because memory is in pieces.
_SPARE = 0.1


@dataclass(frozen=True)
class Stage:
    """What a stage asks of the device's memory, in bytes.

    Attributes:
        free: not in use.
        others: networks on the device that the stage does not need.
        missing: networks that the stage needs and that are not on the device.
        working: what it needs besides networks.
    """

    free: int
    others: int
    missing: int
    working: int


@dataclass(frozen=True)
class Decision:
    """What is done for a stage.

    Attributes:
        evict: take the networks off the device that the stage does not need.
        layers: put the layers on the device one after the other, and compute attention in slices.
        leave: the networks stay on the device after the stage, until memory is needed.
    """

    evict: bool = False
    layers: bool = False
    leave: bool = True


_KEEP = Decision()
_MAKE_ROOM = Decision(evict=True)
_PARTS = Decision(evict=True, leave=False)
LAYERS = Decision(evict=True, layers=True, leave=False)
"""One layer after the other."""


def decide(setting: str, kind: str, stage: Stage) -> Decision:
    """What is done for a stage.

    Args:
        setting: one of ``SETTINGS``.
        kind: of the device; networks that run on a ``cpu`` are where they are anyway.
    """
    if kind == "cpu":
        return _KEEP
    if setting != "auto":
        return {"all": _KEEP, "parts": _PARTS, "layers": LAYERS}[setting]
    needed = stage.missing + stage.working
    usable = stage.free - round(_SPARE * (stage.free + stage.others))
    if needed <= max(usable, 0):
        return _KEEP
    return _MAKE_ROOM if needed <= usable + stage.others else LAYERS


def less(setting: str, kind: str) -> str | None:
    """The setting to try next where memory ran out; None where there is no other."""
    if kind == "cpu" or setting == "layers":
        return None
    return "layers" if setting == "parts" else "parts"
