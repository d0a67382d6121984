# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a redraw is kept on the device, decided from what is free. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """What is asked of the device's memory, in bytes.

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
        layers: put the layers of the networks on the device one after the other, and compute attention in slices.
        leave: the networks stay on the device after the stage.
    """

    evict: bool
    layers: bool
    leave: bool
