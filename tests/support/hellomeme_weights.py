# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme with the seeded weights of the recorded case, as checkpoint folders on disk.

``hello_3dmm.onnx`` is tiny and knows nothing of heads: it gives angles and translations in the usual range that follow
the picture's brightness. Run as a program, it writes a folder (120 MB):

    python -m hellomeme_weights --output DIR --layout official
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import sd15_weights
import seeded_folders
from sd15_weights import WEIGHTS

if TYPE_CHECKING:
    import numpy as np

# Official repository by recorded part.
REPOSITORIES = {
    "reference": "hm5_reference",
    "reference_v5b": "hm5b_reference",
    "control": "hm5_control_base",
    "control_proj": "hm5_control_proj",
    "motion": "hm5_motion",
    "pd_fgc": "pd_fgc_motion",
}
_CLASSES = {
    "reference": "HM5ReferenceAdapter",
    "reference_v5b": "HM5bReferenceAdapter",
    "control": "HM5ControlNetBase",
    "control_proj": "HM5SD15ControlProj",
    "motion": "HM5MotionAdapter",
    "pd_fgc": "FanEncoder",
}
HELLO_3DMM = Path("hello_group_facemodel") / "hello_3dmm.onnx"
# What hello_3dmm.onnx says, in this order: identity, expression, texture, angles (rad), light, translation.
COEFFICIENTS = {"identity": 526, "expression": 203, "texture": 439, "angles": 3, "light": 27, "translation": 3}
_ALSO = ("sd15_weights", "sd15_layout")

States = Mapping[str, Mapping[str, "np.ndarray"]]


def states() -> dict[str, dict[str, np.ndarray]]:
    """Recorded part ("unet", "unet_ref", "reference", ...) to tensor name to tensor, made anew by every call."""
    return seeded_folders.states("hellomeme")


def official_folder() -> Path:
    """As the official program has them: a folder a repository, and stable-diffusion-v1-5/ beside them."""
    return seeded_folders.made("hellomeme", "official", also=_ALSO)


def official_paths(folder: Path, version: str = "v5") -> dict[str, Path]:
    """All files of a version ("v5", "v5b") in an official folder, by the parts' names in the catalogue."""
    reference = {"reference": "reference_v5b" if version == "v5b" else "reference"}
    parts = ("reference", "control", "control_proj", "motion", "pd_fgc")
    paths = {part: folder / REPOSITORIES[reference.get(part, part)] / WEIGHTS for part in parts}
    return {**paths, "hello_3dmm": folder / HELLO_3DMM, **sd15_weights.diffusers_paths(folder)}


def write_official(folder: Path, weights: States) -> None:
    """Save tensors as the official folders have them."""
    for part, repository in REPOSITORIES.items():
        path = sd15_weights.write_tensors(folder / repository / WEIGHTS, weights[part])
        config = {"_class_name": _CLASSES[part], "_diffusers_version": "0.33.1"}
        (path.parent / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def write_hello_3dmm(path: Path) -> Path:
    """Save the tiny network: pictures (n,3,224,224) float32 RGB 0 to 1 to (n,1201) float32 coefficients."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constants = {"weight": _reading(), "scale": _ranges(), "offset": _offsets()}
    nodes = [
        helper.make_node("AveragePool", ["image"], ["small"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Flatten", ["small"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weight"], ["read"]),
        helper.make_node("Tanh", ["read"], ["bounded"]),
        helper.make_node("Mul", ["bounded", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["coefficients"]),
    ]
    graph = helper.make_graph(
        nodes,
        "hello_3dmm",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [helper.make_tensor_value_info("coefficients", TensorProto.FLOAT, ["n", sum(COEFFICIENTS.values())])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path


def _reading() -> np.ndarray:
    """(192, 1201): what each coefficient sees of the 8x8 picture; even light says nothing."""
    from seeded_weights import seeded_tensor

    seen = seeded_tensor("hello_3dmm", (192, sum(COEFFICIENTS.values())), seed=5, rules=[["", "normal", 0.5]])
    return seen - seen.mean(axis=0)


def _ranges() -> np.ndarray:
    import numpy as np

    sizes = {"angles": [0.35] * 3, "translation": [0.02, 0.02, 0.15]}
    return np.concatenate([np.array(sizes.get(name, [1.0] * count)) for name, count in COEFFICIENTS.items()])


def _offsets() -> np.ndarray:
    import numpy as np

    rest = {"translation": [0.0, 0.0, -5.0]}
    return np.concatenate([np.array(rest.get(name, [0.0] * count)) for name, count in COEFFICIENTS.items()])


def _write(folder: Path) -> None:
    write_official(folder, states())
    write_hello_3dmm(folder / HELLO_3DMM)
    sd15_weights.write_diffusers(folder)


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"official": _write})
