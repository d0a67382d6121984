# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which graphics cards this computer has, found without loading a driver into Blender. No bpy here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .process import popen_options
from .torch_builds import Card, Vendor, first_number

PATIENCE_S = 8.0
FRESH_S = 60.0
_told: tuple[float, str] | None = None
_QUESTION = ("--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader")
_NVIDIA_VERSION = Path("/proc/driver/nvidia/version")
_AMD_NODES = Path("/sys/class/kfd/kfd/topology/nodes")


def cards(platform: str = sys.platform) -> list[Card]:
    """The NVIDIA cards, and on Linux the AMD cards, whose drivers are loaded. Takes up to seconds.

    There is nothing to look for on macOS: PyTorch has one build for it.
    """
    if platform == "darwin":
        return []
    asked = nvidia_cards(_answer(platform))
    seen = cards_at_a_glance(platform)
    return asked + [card for card in seen if card.vendor is not Vendor.NVIDIA] if asked else seen


def look(platform: str = sys.platform) -> Iterator[None]:
    """Ask the driver a little at a time, so that nothing stands still; ``cards`` then knows the answer for a minute."""
    global _told
    command = _nvidia_smi(platform)
    answer = ""
    if command:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                errors="replace", **popen_options(),
            )  # fmt: skip
        except OSError:
            process = None
        if process is not None:
            yield from _until_ended(process)
            output = process.communicate()[0]
            answer = output if process.returncode == 0 else ""
    _told = time.monotonic(), answer


def _until_ended(process: subprocess.Popen[str]) -> Iterator[None]:
    end_s = time.monotonic() + PATIENCE_S
    try:
        while process.poll() is None and time.monotonic() < end_s:
            yield
    finally:
        if process.poll() is None:
            process.kill()


def _answer(platform: str) -> str:
    """What NVIDIA's own program said a moment ago, or says now."""
    if _told is None or time.monotonic() - _told[0] > FRESH_S:
        for _ in look(platform):
            time.sleep(0.02)
    assert _told
    return _told[1]


def cards_at_a_glance(platform: str = sys.platform) -> list[Card]:
    """As ``cards``, without starting a program: of NVIDIA cards no more than one, without its name and capability."""
    if platform == "darwin":
        return []
    if platform == "win32":
        driver = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvcuda.dll")
        return [Card(Vendor.NVIDIA)] if driver.is_file() else []
    found = amd_cards(_AMD_NODES)
    if _NVIDIA_VERSION.is_file():
        found.append(nvidia_driver(_NVIDIA_VERSION.read_text(encoding="utf-8", errors="replace")))
    return found


def nvidia_cards(answer: str) -> list[Card]:
    """The cards in an answer of ``nvidia-smi``: lines of name, driver version, compute capability."""
    found = []
    for line in answer.splitlines():
        parts = [part.strip() for part in line.rsplit(",", 2)]
        if len(parts) == 3 and first_number(parts[1]):
            found.append(Card(Vendor.NVIDIA, parts[0], first_number(parts[1]), _capability(parts[2])))
    return found


def nvidia_driver(text: str) -> Card:
    """The card behind Linux's file ``/proc/driver/nvidia/version``, which tells the driver only."""
    match = re.search(r"\s(\d{3,})\.\d+", text)
    return Card(Vendor.NVIDIA, driver=int(match[1]) if match else 0)


def amd_cards(nodes: Path) -> list[Card]:
    """The cards that Linux's driver ``amdgpu`` offers for computing."""
    found = []
    for properties in sorted(nodes.glob("*/properties")):
        try:
            text = properties.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        values = dict(line.split(None, 1) for line in text.splitlines() if " " in line)
        target = first_number(values.get("gfx_target_version", ""))
        if target:  # processors are nodes as well, with target 0
            found.append(Card(Vendor.AMD, target=target))
    return found


def _capability(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _nvidia_smi(platform: str) -> list[str]:
    """The command that asks NVIDIA's own program, empty without it."""
    program = shutil.which("nvidia-smi")
    if program is None and platform != "win32":
        program = shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    return [program, *_QUESTION] if program else []
