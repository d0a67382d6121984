# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ONNX file opened by onnxruntime, with errors that a user understands."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from ...errors import ErrorCode, TalkingHeadError

_LOG = logging.getLogger(__name__)
_PROVIDERS = {"cuda": ("CUDAExecutionProvider",), "cpu": (), "mps": ()}
_PLUGIN = "GridSample3D"
_OUT_OF_MEMORY = ("allocate memory", "out of memory", "bad_alloc", "bad allocation")


class OnnxSession:
    """A network in a file.

    Args:
        path: the .onnx file.
        device: "cuda", "mps" or "cpu". Operators that the device lacks run on the CPU; CoreML, which lacks the sampling
            of volumes, is not used.
        inputs: names of the inputs, in the order in which ``run`` takes them.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT for a file that is no network or not the expected one, UNSUPPORTED_INPUT for
            operators that onnxruntime does not have, OUT_OF_MEMORY.
    """

    def __init__(self, path: Path, device: str, inputs: Sequence[str]) -> None:
        self.path = path
        wanted = [name for name in _PROVIDERS[device] if name in onnxruntime.get_available_providers()]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, [*wanted, "CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common class
            raise _not_opened(path, error) from error
        self.providers: list[str] = list(self._session.get_providers())
        self._inputs = _ordered([entry.name for entry in self._session.get_inputs()], inputs, path)
        self.outputs: list[str] = [entry.name for entry in self._session.get_outputs()]
        _LOG.info("%s runs on %s", path.name, ", ".join(self.providers))

    def run(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """All outputs for float32 inputs.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT when the network does not take them or gives numbers that are not finite,
                OUT_OF_MEMORY.
        """
        feed = {name: np.ascontiguousarray(array, np.float32) for name, array in zip(self._inputs, arrays, strict=True)}
        try:
            outputs = self._session.run(None, feed)
        except Exception as error:
            raise _not_run(self.path, error) from error
        found = [np.asarray(output) for output in outputs]
        if not all(np.isfinite(output).all() for output in found):
            raise wrong_model(self.path, "it gives numbers that are not finite")
        return found


def _ordered(present: Sequence[str], wanted: Sequence[str], path: Path) -> list[str]:
    """The file's input names in our order: by name where they are the community's, else as the file has them."""
    if len(present) != len(wanted):
        raise wrong_model(path, f"it has {len(present)} inputs instead of {len(wanted)}: {', '.join(present)}")
    return list(wanted) if set(wanted) == set(present) else list(present)


def _not_opened(path: Path, error: Exception) -> TalkingHeadError:
    text = str(error)
    if _PLUGIN in text:
        return TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"{path.name} uses the operator {_PLUGIN}, which only TensorRT with a plugin has.",
            "Use warping_spade.onnx without '-fix', or the official models.",
            details=text,
        )
    if "is not a registered function/op" in text or "No Op registered" in text or "NOT_IMPLEMENTED" in text:
        return TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"{path.name} uses an operator that onnxruntime {onnxruntime.__version__} does not have.",
            "Use the official models, or export them again with Talking Head.",
            details=text,
        )
    return _not_run(path, error)


def _not_run(path: Path, error: Exception) -> TalkingHeadError:
    text = str(error)
    if isinstance(error, MemoryError) or any(words in text.lower() for words in _OUT_OF_MEMORY):
        return TalkingHeadError(
            ErrorCode.OUT_OF_MEMORY, f"There is not enough memory to run {path.name}.", "Close other programs.",
            details=text,
        )  # fmt: skip
    return wrong_model(path, text)


def wrong_model(path: Path, details: str) -> TalkingHeadError:
    """A file that is not the network it should be."""
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"The model file {path.name} is damaged or is another model.",
        "Get it again, or choose the folder that holds the right one.",
        details=f"{path}: {details}",
    )
