# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builds of PyTorch that there are for a graphics card, a driver and a platform, and what they weigh. No bpy here.

A build is named as in its wheels' version, ``2.13.0+cu130``, and has a wheel index of its own; macOS takes the package
index's own build, which uses Metal. Seen for version 2.13.0: the indices cpu, cu126, cu130 and rocm7.2 with wheels for
Linux, the first three also for Windows; nothing for Macs with Intel processors. Driver versions are those of NVIDIA's
release notes (CUDA 12: 525 on Linux, 528 on Windows; CUDA 13: 580), compute capabilities those for which the builds
hold code: CUDA 13 dropped cards before 7.5, CUDA 12.6 knows none from 10.0 on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ...inference.errors import ErrorCode, TalkingHeadError

INDEX = "https://download.pytorch.org/whl/"
LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"
OLDEST_PYTHON, NEWEST_PYTHON = "3.11", "3.13"

_CUDA_13_DRIVER = 580
_CUDA_12_DRIVER: Mapping[str, int] = {LINUX: 525, WINDOWS: 528}
_OLDEST_CARD, _CUDA_13_CARD, _CUDA_12_CARDS_END = (5, 0), (7, 5), (10, 0)
_X86 = frozenset({"x86_64", "amd64"})
# What the wheels of rocm7.2 are compiled for, as the driver writes it (major * 10000 + minor * 100 + stepping); not
# seen for 2.13.0 but taken over from the build before.
_ROCM_TARGETS = frozenset(
    {
        90000, 90006, 90008, 90010, 90402, 90500, 100300, 110000, 110001, 110002, 110500, 110501, 120000, 120001,
    }
)  # fmt: skip


class CardChoice(str, Enum):
    """What the user says about the graphics card."""

    AUTO = "AUTO"
    NVIDIA = "NVIDIA"
    AMD = "AMD"
    NONE = "NONE"


class Vendor(str, Enum):
    """Who made a graphics card."""

    NVIDIA = "NVIDIA"
    AMD = "AMD"


@dataclass(frozen=True)
class Card:
    """A graphics card that was found.

    Attributes:
        name: for people, "" if the driver does not tell.
        driver: major version of NVIDIA's driver, 0 if unknown.
        capability: NVIDIA's compute capability (major, minor), None if unknown.
        target: AMD's instruction set as the kernel driver writes it, 0 if unknown.
    """

    vendor: Vendor
    name: str = ""
    driver: int = 0
    capability: tuple[int, int] | None = None
    target: int = 0


@dataclass(frozen=True)
class TorchBuild:
    """A build of PyTorch on a platform.

    Attributes:
        name: as in its wheels' version; "" for the package index's own.
        label: what it computes with, for people.
        onnxruntime: the package of ONNX Runtime that goes with it.
        download_mb, disk_mb: of all packages of the tier.
        estimated: whether the sizes are estimates.
    """

    name: str
    label: str
    download_mb: int
    disk_mb: int
    estimated: bool = True
    onnxruntime: str = "onnxruntime"

    @property
    def index(self) -> str:
        """Address of its wheel index, "" for the package index."""
        return INDEX + self.name if self.name else ""

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        return (
            f"PyTorch's index ({self.index}) and the Python package index" if self.name else "the Python package index"
        )

    @property
    def size_text(self) -> str:
        """What is downloaded and what it takes on disk, such as "250 MB, 1.1 GB on disk"."""
        about = "an estimated " if self.estimated else ""
        return f"{about}{_size(self.download_mb)}, {_size(self.disk_mb)} on disk"

    def requirements(self, lines: Sequence[str]) -> list[str]:
        """The lines of a requirements file that name packages, with this build's ones in their place."""
        return [self._requirement(line) for line in lines]

    def _requirement(self, line: str) -> str:
        package, version = line.split("==", 1) if "==" in line else (line, "")
        if package == "torch" and self.name:
            return f"torch=={version}+{self.name}"
        return f"{self.onnxruntime}=={version}" if package == "onnxruntime" else line


# Of PyTorch 2.13.0 with ONNX Runtime 1.31.1. Measured: the wheels for Linux without CUDA, Windows without CUDA, macOS,
# and the disk for Linux without CUDA. The others are put together from the large wheels that could be seen.
_BUILDS: Mapping[tuple[str, str], TorchBuild] = {
    (LINUX, "cpu"): TorchBuild("cpu", "the processor", 250, 1050, estimated=False),
    (WINDOWS, "cpu"): TorchBuild("cpu", "the processor", 170, 800),
    (MACOS, "cpu"): TorchBuild("", "the processor and Metal", 160, 700),
    (LINUX, "cu126"): TorchBuild("cu126", "NVIDIA, CUDA 12.6", 3000, 7000),
    (WINDOWS, "cu126"): TorchBuild("cu126", "NVIDIA, CUDA 12.6", 2700, 5500),
    (LINUX, "cu130"): TorchBuild("cu130", "NVIDIA, CUDA 13.0", 2900, 7000),
    (WINDOWS, "cu130"): TorchBuild("cu130", "NVIDIA, CUDA 13.0", 2100, 4500),
    (LINUX, "rocm7.2"): TorchBuild("rocm7.2", "AMD, ROCm 7.2", 5000, 15000),
}


def build_named(name: str, platform: str, machine: str) -> TorchBuild:
    """A build by its name; the processor's where this platform has no such build."""
    found = _BUILDS.get((_known(platform), name)) or _BUILDS[_known(platform), "cpu"]
    if found.name == "cu130" and machine.lower() in _X86:
        # ONNX Runtime's wheels for NVIDIA are made for CUDA 13 and for these processors only.
        return replace(found, onnxruntime="onnxruntime-gpu")
    return found


def choose(choice: CardChoice, cards: Sequence[Card], platform: str, machine: str) -> TorchBuild:
    """The build for what the user said and what was found.

    Args:
        platform, machine: as ``sys.platform`` and ``platform.machine()``.

    Raises:
        TalkingHeadError: DRIVER_TOO_OLD when an NVIDIA card is there or wished for whose driver no build works with;
            INVALID_REQUEST for a computer that PyTorch does not support.
    """
    if platform == MACOS and machine.lower() in _X86:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "There is no present PyTorch for Macs with Intel processors.",
            "Use the puppet engine on this computer.",
        )
    name = "cpu"
    if platform != MACOS and choice is not CardChoice.NONE:
        name = _nvidia(choice, cards, _known(platform)) or _amd(choice, cards, platform) or "cpu"
    return build_named(name, platform, machine)


def _nvidia(choice: CardChoice, cards: Sequence[Card], platform: str) -> str:
    """Name of the build for the best NVIDIA card, "" for none."""
    found = [card for card in cards if card.vendor is Vendor.NVIDIA]
    if choice is CardChoice.NVIDIA and not found:
        return "cu130"
    if choice is CardChoice.AMD or not found:
        return ""
    card = max(found, key=lambda card: card.capability or (0, 0))
    if card.capability is not None and card.capability < _OLDEST_CARD:
        return ""
    return _cuda_build(card, platform)


def _cuda_build(card: Card, platform: str) -> str:
    newest = card.driver >= _CUDA_13_DRIVER or not card.driver
    needs_12 = card.capability is not None and card.capability < _CUDA_13_CARD
    needs_13 = card.capability is not None and card.capability >= _CUDA_12_CARDS_END
    if newest and not needs_12:
        return "cu130"
    if needs_13 or (card.driver and card.driver < _CUDA_12_DRIVER[platform]):
        wanted = _CUDA_13_DRIVER if not needs_12 else _CUDA_12_DRIVER[platform]
        raise TalkingHeadError(
            ErrorCode.DRIVER_TOO_OLD,
            f"The driver of {card.name or 'the NVIDIA card'} (version {card.driver}) is too old for PyTorch.",
            f"Install version {wanted} or newer, or set Graphics Card to None in the add-on's preferences.",
        )
    return "cu126"


def _amd(choice: CardChoice, cards: Sequence[Card], platform: str) -> str:
    """Name of the build for an AMD card, "" for none: PyTorch has one for Linux only."""
    if platform == WINDOWS or choice is CardChoice.NVIDIA:
        return ""
    found = any(card.vendor is Vendor.AMD and card.target in _ROCM_TARGETS for card in cards)
    return "rocm7.2" if found or choice is CardChoice.AMD else ""


def _known(platform: str) -> str:
    return platform if platform in (WINDOWS, MACOS) else LINUX


def _size(megabytes: int) -> str:
    return f"{megabytes} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def first_number(text: str) -> int:
    """The first whole number in a text, such as 580 of "580.65.06"; 0 without one."""
    match = re.search(r"\d+", text)
    return int(match[0]) if match else 0
