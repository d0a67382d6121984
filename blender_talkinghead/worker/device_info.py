# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker's neural engines compute on, as the worker told it. No bpy here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...inference.engines import ENGINES


@dataclass(frozen=True)
class DeviceInfo:
    """An answer to ``devices``.

    Attributes:
        torch: version of PyTorch, "" without it.
        kind: "cuda" (NVIDIA, and AMD with ROCm), "mps" or "cpu".
        name: of the device.
        cuda: what PyTorch was made for, such as "CUDA 13.0" or "ROCm 7.2"; "" for neither.
        memory_mb: the graphics card's own memory, 0 without.
        loaded: names of the engines that were loaded.
        chosen: whether the user chose the device, rather than PyTorch.
    """

    torch: str
    kind: str
    name: str
    cuda: str
    memory_mb: int
    loaded: tuple[str, ...] = ()
    chosen: bool = False

    @classmethod
    def from_fields(cls, fields: Mapping[str, object], chosen: bool = False) -> DeviceInfo:
        """Read the worker's answer."""
        memory, loaded = fields.get("memory_mb"), fields.get("loaded")
        return cls(
            *(str(fields.get(name, "")) for name in ("torch", "kind", "name", "cuda")),
            memory_mb=memory if isinstance(memory, int) else 0,
            loaded=tuple(map(str, loaded)) if isinstance(loaded, list) else (),
            chosen=chosen,
        )

    @property
    def line(self) -> str:
        """One line for people."""
        if not self.torch:
            return "Runs on the CPU, without PyTorch"
        memory = f", {self.memory_mb / 1000:.0f} GB" if self.memory_mb else ""
        toolkit = f", {self.cuda}" if self.cuda else ""
        name = "the CPU" if self.kind == "cpu" else self.name
        return f"Runs on {name}{memory} (PyTorch {self.torch}{toolkit})"

    @property
    def warning(self) -> str:
        """What is wrong with the device, "" if nothing is."""
        if self.kind == "cpu" and self.cuda and not self.chosen:
            return (
                f"PyTorch was installed for a graphics card ({self.cuda}) but cannot use one: install its newest "
                "driver, or choose None as Graphics Card in the add-on's preferences."
            )
        return ""


def labels(names: object) -> str:
    """Names of engines in an answer, for people: "LivePortrait, Puppet"; "" for none."""
    known = [str(name) for name in names] if isinstance(names, list) else []
    return ", ".join(ENGINES[name].label if name in ENGINES else name for name in known)
