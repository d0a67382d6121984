# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny stand-ins of yolov10m.onnx and vitpose_h_wholebody.onnx.

They have the names, sizes and meaning of the official ones' inputs and outputs and know nothing of people: one finds a
person who fills most of the picture, the other one who sits upright in it; both move a little with what is in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

BOXES, KEYPOINTS = Path("det") / "yolov10m.onnx", Path("pose2d") / "vitpose_h_wholebody.onnx"
BOX_SIDE_PX = 640
HEAT_HEIGHT, HEAT_WIDTH = 64, 48
ROWS = 300
"""Boxes that YOLO gives, the best first."""

# x1, y1, x2, y2 in px of the 640 px picture, score, class: the person, a smaller one, a chair, a ghost.
_BOXES = (
    (48.0, 20.0, 592.0, 636.0, 0.93, 0.0),
    (20.0, 300.0, 90.0, 470.0, 0.41, 0.0),
    (400.0, 330.0, 630.0, 639.0, 0.80, 56.0),
    (70.0, 30.0, 560.0, 620.0, 0.02, 0.0),
)
# Places of the 17 joints of COCO and 6 of the feet in the 48x64 heat maps: nose, eyes, ears, shoulders, elbows, wrists,
# hips, knees, ankles; left before right, so left is at the greater x.
_BODY = (
    (24.0, 16.0),
    *((26.0, 14.5), (22.0, 14.5), (28.5, 15.5), (19.5, 15.5)),
    *((33.0, 27.0), (15.0, 27.0), (36.0, 38.0), (12.0, 38.0), (33.0, 47.0), (15.0, 47.0)),
    *((30.0, 49.0), (18.0, 49.0), (30.5, 55.0), (17.5, 55.0), (31.0, 60.0), (17.0, 60.0)),
    *((32.0, 61.5), (33.0, 61.0), (30.0, 61.0), (16.0, 61.5), (15.0, 61.0), (18.0, 61.0)),
)
_PEAK, _SPREAD, _MOVED = 0.92, 1.2, 1.5


def paths(folder: Path) -> dict[str, Path]:
    """The two files in ``process_checkpoint``, by the parts' names in the catalogue."""
    return {"boxes": folder / BOXES, "keypoints": folder / KEYPOINTS}


def write(folder: Path) -> dict[str, Path]:
    """Save both."""
    write_boxes(folder / BOXES)
    write_keypoints(folder / KEYPOINTS)
    return paths(folder)


def write_boxes(path: Path) -> Path:
    """Pictures (1,3,640,640) float32 RGB 0 to 1 to (1,300,6): x1, y1, x2, y2 in px, score, class."""
    import numpy as np

    boxes = np.zeros((1, ROWS, 6), np.float32)
    boxes[0, : len(_BOXES)] = _BOXES
    moved = np.zeros((1, ROWS, 6), np.float32)
    moved[0, :1, :4] = 12.0
    size = ["n", 3, BOX_SIDE_PX, BOX_SIDE_PX]
    constants = {
        "weight": _seen("yolov10m", 192, ROWS * 6),
        "rows": np.array([-1, ROWS, 6], np.int64),
        "range": moved,
        "boxes": boxes,
    }
    nodes = [
        *_reading("images", BOX_SIDE_PX // 8, BOX_SIDE_PX // 8),
        _node("Reshape", ["bounded", "rows"], "moving"),
        _node("Mul", ["moving", "range"], "scaled"),
        _node("Add", ["scaled", "boxes"], "output0"),
    ]
    return _save(path, nodes, ("images", size), ("output0", ["n", ROWS, 6]), constants)


def write_keypoints(path: Path) -> Path:
    """Crops (n,3,256,192) float32, normalized as ImageNet, to (n,133,64,48) heat maps with one peak each."""
    import numpy as np

    points = template()
    size = ["n", 3, HEAT_HEIGHT * 4, HEAT_WIDTH * 4]
    constants = {
        "weight": _seen("vitpose", 192, len(points) * 2),
        "pairs": np.array([-1, len(points), 2], np.int64),
        "range": np.array(_MOVED, np.float32),
        "points": points[None],
        "x": np.arange(HEAT_WIDTH, dtype=np.float32),
        "y": np.arange(HEAT_HEIGHT, dtype=np.float32),
        "spread": np.array(-0.5 / _SPREAD**2, np.float32),
        "peak": np.array(_PEAK, np.float32),
        "first": np.array([0], np.int64),
        "second": np.array([1], np.int64),
        "columns": np.array([-1, len(points), HEAT_HEIGHT, 1], np.int64),
        "lines": np.array([-1, len(points), 1, HEAT_WIDTH], np.int64),
    }
    nodes = [
        *_reading("image", HEAT_HEIGHT // 2, HEAT_WIDTH // 2),
        _node("Reshape", ["bounded", "pairs"], "moving"),
        _node("Mul", ["moving", "range"], "scaled"),
        _node("Add", ["scaled", "points"], "found"),
        *_bell("first", "x", "lines"),
        *_bell("second", "y", "columns"),
        _node("Mul", ["x_bell", "y_bell"], "bells"),
        _node("Mul", ["bells", "peak"], "heatmaps"),
    ]
    output = ("heatmaps", ["n", len(points), HEAT_HEIGHT, HEAT_WIDTH])
    return _save(path, nodes, ("image", size), output, constants)


def template() -> np.ndarray:
    """(133, 2) float32 places in the heat maps, x and y: body and feet, 68 points of the face, left and right hand."""
    import numpy as np

    angles = np.linspace(0.1, np.pi - 0.1, 17)
    jaw = np.stack([24 - 5 * np.cos(angles), 15 + 5.5 * np.sin(angles)], axis=1)
    around = np.linspace(0, 2 * np.pi, 51, endpoint=False)
    inside = np.stack([24 + 3 * np.cos(around), 15.5 + 3 * np.sin(around)], axis=1)
    hands = []
    for wrist, side in ((_BODY[9], 1.0), (_BODY[10], -1.0)):
        fingers = [(wrist[0] + side * (f - 2) * 0.9, wrist[1] - k * 0.9) for f in range(5) for k in range(1, 5)]
        hands += [wrist, *fingers]
    return np.concatenate([np.array(_BODY), jaw, inside, np.array(hands)]).astype(np.float32)


def _bell(axis: str, grid: str, shape: str) -> list[Any]:
    """Heights along one axis for each point: ``<grid>_bell``."""
    return [
        _node("Gather", ["found", axis], f"{grid}_found", axis=2),
        _node("Sub", [f"{grid}_found", grid], f"{grid}_away"),
        _node("Mul", [f"{grid}_away", f"{grid}_away"], f"{grid}_square"),
        _node("Mul", [f"{grid}_square", "spread"], f"{grid}_power"),
        _node("Exp", [f"{grid}_power"], f"{grid}_height"),
        _node("Reshape", [f"{grid}_height", shape], f"{grid}_bell"),
    ]


def _reading(image: str, height: int, width: int) -> list[Any]:
    """What is seen of 8x8 areas: ``bounded``, -1 to 1."""
    return [
        _node("AveragePool", [image], "small", kernel_shape=[height, width], strides=[height, width]),
        _node("Flatten", ["small"], "flat", axis=1),
        _node("MatMul", ["flat", "weight"], "read"),
        _node("Tanh", ["read"], "bounded"),
    ]


def _seen(name: str, inputs: int, outputs: int) -> np.ndarray:
    """(inputs, outputs) float32; even light says nothing."""
    from seeded_weights import seeded_tensor

    seen = seeded_tensor(name, (inputs, outputs), seed=5, rules=[["", "normal", 0.15]])
    return seen - seen.mean(axis=0)


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, inputs, [output], **attributes)


def _save(
    path: Path, nodes: list[Any], read: tuple[str, list], made: tuple[str, list], constants: dict[str, np.ndarray]
) -> Path:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(read[0], TensorProto.FLOAT, read[1])],
        [helper.make_tensor_value_info(made[0], TensorProto.FLOAT, made[1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path
