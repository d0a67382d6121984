# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that writes LivePortrait's networks as ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import Action, ErrorCode, TalkingHeadError
from ...weights.store import WeightStore, default_folders


def export_set(set_name: str, output: Path, folders: Sequence[Path]) -> int:
    """Read a set of models and write it as ONNX; prints each finished file.

    Args:
        set_name: "liveportrait_human" or "liveportrait_animal".
        folders: searched for the models before the usual ones.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, PACKAGE_MISSING, OUTPUT_NOT_WRITABLE.
    """
    paths = WeightStore((*folders, *default_folders())).set_paths(set_name)
    try:
        import onnx  # noqa: F401  PyTorch's exporter needs it, and would only say so at the end

        from .networks.loading import load_networks
        from .onnx_export import export
    except ImportError as error:
        raise TalkingHeadError(
            ErrorCode.PACKAGE_MISSING,
            f"The export lacks the Python package {error.name or error}.",
            "Install the packages of inference/requirements/neural.txt and onnx.",
            Action.INSTALL_NEURAL,
        ) from error
    try:
        export(load_networks(paths), output, print)
    except OSError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"The models cannot be written to {output}.",
            "Choose another folder, or free some space (0.6 GB are needed).",
            details=str(error),
        ) from error
    return 0
