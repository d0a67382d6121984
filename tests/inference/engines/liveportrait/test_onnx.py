# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ONNX files that cannot be used say why; those that can are run by the names of their inputs."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper  # noqa: E402

from inference.engines.liveportrait import onnx_session  # noqa: E402
from inference.engines.liveportrait.crop import landmark_crop  # noqa: E402
from inference.engines.liveportrait.landmark203 import Landmark203  # noqa: E402
from inference.engines.liveportrait.onnx_session import OnnxSession  # noqa: E402
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402


def written(path, nodes, inputs, outputs):
    """A network file of some nodes; inputs and outputs are names to shapes."""
    values = [
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in part.items()] for part in (inputs, outputs)
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", *values), opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def difference(tmp_path):
    """first - second"""
    node = helper.make_node("Sub", ["first", "second"], ["out"])
    return written(tmp_path / "difference.onnx", [node], {"first": [1, 2], "second": [1, 2]}, {"out": [1, 2]})


def test_inputs_go_by_name_where_the_names_are_known(difference):
    session = OnnxSession(difference, "cpu", ("second", "first"))
    assert session.run(np.full((1, 2), 1.0), np.full((1, 2), 5.0))[0].tolist() == [[4.0, 4.0]]


def test_inputs_go_by_order_where_the_names_are_others(difference):
    session = OnnxSession(difference, "cpu", ("a", "b"))
    assert session.run(np.full((1, 2), 1.0), np.full((1, 2), 5.0))[0].tolist() == [[-4.0, -4.0]]


def test_plugin_operator_is_named(tmp_path):
    node = helper.make_node("GridSample3D", ["x"], ["y"])
    path = written(tmp_path / "warping_spade-fix.onnx", [node], {"x": [1]}, {"y": [1]})
    with pytest.raises(TalkingHeadError, match="GridSample3D, which only TensorRT") as caught:
        OnnxSession(path, "cpu", ("x",))
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT
    assert "'-fix'" in caught.value.hint


def test_operator_that_onnxruntime_lacks_is_told(tmp_path):
    path = written(tmp_path / "odd.onnx", [helper.make_node("Frobnicate", ["x"], ["y"])], {"x": [1]}, {"y": [1]})
    with pytest.raises(TalkingHeadError, match="does not have") as caught:
        OnnxSession(path, "cpu", ("x",))
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT


@pytest.mark.parametrize("content", [b"", b"no network at all", None])
def test_damaged_file_is_refused(tmp_path, difference, content):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(difference.read_bytes()[:-20] if content is None else content)
    with pytest.raises(TalkingHeadError, match=r"damaged\.onnx is damaged") as caught:
        OnnxSession(path, "cpu", ("first", "second"))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


@pytest.mark.parametrize("told", ["Failed to allocate memory for requested buffer of size 9", "std::bad_alloc"])
def test_memory_that_runs_out_over_the_file_is_told(difference, monkeypatch, told):
    def fail(*args):
        raise RuntimeError(told)

    monkeypatch.setattr(onnx_session.onnxruntime, "InferenceSession", fail)
    with pytest.raises(TalkingHeadError, match=r"not enough memory to run difference\.onnx") as caught:
        OnnxSession(difference, "cpu", ("first", "second"))
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY


def test_another_network_is_refused(difference):
    with pytest.raises(TalkingHeadError, match="another model") as caught:
        OnnxSession(difference, "cpu", ("input",))
    assert "2 inputs instead of 1" in caught.value.details
    session = OnnxSession(difference, "cpu", ("first", "second"))
    with pytest.raises(TalkingHeadError, match="another model"):
        session.run(np.zeros((3, 7)), np.zeros((1, 2)))


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    nodes = [helper.make_node("Log", ["input"], ["out"])]
    session = OnnxSession(written(tmp_path / "log.onnx", nodes, {"input": [2]}, {"out": [2]}), "cpu", ("input",))
    assert session.run(np.ones(2))[0].tolist() == [0.0, 0.0]
    with pytest.raises(TalkingHeadError, match="another model") as caught:
        session.run(np.array([1.0, -1.0]))
    assert "not finite" in caught.value.details


def test_a_landmark_network_of_another_program_is_refused(tmp_path):
    shape = [1, 3, 224, 224]
    nodes = [helper.make_node("Identity", ["input"], ["out"])]
    with pytest.raises(TalkingHeadError, match="another model") as caught:
        Landmark203(written(tmp_path / "landmark.onnx", nodes, {"input": shape}, {"out": shape}))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_landmarks_come_back_to_the_picture(tmp_path):
    """A network that always answers with the centre of what it is shown: the crop's centre in the picture."""
    constant = helper.make_tensor("v", TensorProto.FLOAT, [1, 406], [0.5] * 406)
    nodes = [
        helper.make_node("Identity", ["input"], ["a"]),
        helper.make_node("Identity", ["input"], ["b"]),
        helper.make_node("Constant", [], ["points"], value=constant),
    ]
    shape = [1, 3, 224, 224]
    path = written(tmp_path / "landmark.onnx", nodes, {"input": shape}, {"a": shape, "b": shape, "points": [1, 406]})
    around = np.random.default_rng(1).uniform((100, 80), (200, 220), (203, 2))
    found = Landmark203(path).points(np.zeros((300, 320, 3), np.uint8), around)
    matrix = landmark_crop(around)
    assert found.shape == (203, 2)
    assert np.allclose(found @ matrix[:, :2].T + matrix[:, 2], 112.0)
