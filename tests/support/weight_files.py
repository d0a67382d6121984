# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files in the formats of weights, made without the packages that read them."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

from inference.weights.catalogue import weight_set

PARTS = tuple(part.name for part in weight_set("liveportrait_human").parts)
BASE_PARTS, STITCHING = PARTS[:-1], PARTS[-1]


def write(path: Path, text: str = "") -> Path:
    """A whole file in the format that its ending says; other text, other content."""
    makers = {".safetensors": safetensors, ".gguf": gguf, ".onnx": onnx, ".json": vocabulary, ".txt": merges}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(makers.get(path.suffix, checkpoint)(text))
    return path


def safetensors(text: str = "") -> bytes:
    """A safetensors file with two tensors."""
    header = json.dumps(
        {
            "__metadata__": {"text": text},
            "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
            "b": {"dtype": "I64", "shape": [], "data_offsets": [16, 24]},
        }
    ).encode()
    return struct.pack("<Q", len(header)) + header + bytes(range(24))


def checkpoint(text: str = "") -> bytes:
    """A zip file as PyTorch writes it, with stored entries."""
    from io import BytesIO

    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"text": text}, protocol=2))
        archive.writestr("archive/data/0", bytes(range(256)) * 8)
        archive.writestr("archive/version", "3\n")
    return stream.getvalue()


def old_checkpoint() -> bytes:
    """A file as PyTorch wrote it before 1.6, with 5 numbers of 4 bytes under two names and 3 of 8 bytes."""
    from inference.weights.old_checkpoint import START

    def storage(name: bytes, kind: bytes, length: int) -> bytes:
        texts = [b"X" + struct.pack("<I", len(text)) + text for text in (b"storage", name, b"cpu")]
        return b"(" + texts[0] + b"ctorch\n" + kind + b"Storage\n" + texts[1] + texts[2] + bytes([75, length]) + b"NtQ"

    # A reference of its own, one whose type comes from memory, and a tensor that shares the first one's numbers.
    remembered = storage(b"1", b"Long", 3).replace(b"ctorch\nLongStorage\n", b"ctorch\nLongStorage\nq\x05h\x05")
    content = b"\x80\x02]" + b"".join(
        b"(" + part + b"e" for part in (storage(b"0", b"Float", 5), remembered, storage(b"0", b"Float", 5))
    )
    pickles = [START, pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2), content + b"."]
    numbers = struct.pack("<q", 5) + bytes(20) + struct.pack("<q", 3) + bytes(24)
    return b"".join(pickles) + pickle.dumps(["0", "1"], 2) + numbers


def gguf(text: str = "", alignment: int = 64) -> bytes:
    """A GGUF file of version 3 with notes of several types, a tensor of 32 bit and a quantized one."""

    def told(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    words = told("a") + told("bc")
    notes = [
        told("general.architecture") + struct.pack("<I", 8) + told(f"wan {text}"),
        told("general.alignment") + struct.pack("<II", 4, alignment),
        told("size") + struct.pack("<IQ", 10, 5),
        told("scale") + struct.pack("<Id", 12, 0.5),
        told("words") + struct.pack("<IIQ", 9, 8, 2) + words,
        told("shape") + struct.pack("<IIQ3i", 9, 5, 3, 1, 2, 3),
    ]
    plain, quantized = struct.pack("<IQIQ", 1, 3, 0, 0), struct.pack("<IQQIQ", 2, 64, 2, 8, alignment)
    header = b"GGUF" + struct.pack("<IQQ", 3, 2, len(notes)) + b"".join(notes) + told("a") + plain + told("b")
    header += quantized
    padding = bytes(-len(header) % alignment)
    return header + padding + bytes(12).ljust(alignment, b"\0") + bytes(range(136))


def onnx(text: str = "") -> bytes:
    """A protobuf message with the version (1), the producer (2) and an empty graph (7)."""
    name = text.encode()[:100]
    return b"\x08\x08" + b"\x12" + bytes([len(name)]) + name + b"\x3a\x04\x0a\x02ab"


def vocabulary(text: str = "") -> bytes:
    """A tokenizer's JSON file of tokens."""
    return json.dumps({"a": 0, f"b{text}": 1}).encode()


def merges(text: str = "") -> bytes:
    """A tokenizer's text file of merges."""
    return f"#version: 0.2 {text}\nt h\nth e</w>\n".encode()


def official(folder: Path, names: Iterable[str] = PARTS, text: str = "official") -> dict[str, Path]:
    """The official program's folder ``pretrained_weights`` with the models for people."""
    return {name: write(folder / _official_place(name), text) for name in names}


def _official_place(name: str) -> str:
    return f"liveportrait/{'retargeting_models' if name == STITCHING else 'base_models'}/{name}.pth"


def animals(folder: Path, text: str = "animals") -> dict[str, Path]:
    """The official folder's models for animals."""
    return {
        name: write(folder / "liveportrait_animals" / "base_models_v1.1" / f"{name}.pth", text) for name in BASE_PARTS
    }


def comfyui(folder: Path, text: str = "comfyui") -> dict[str, Path]:
    """ComfyUI's folder, as its LivePortrait nodes fill it."""
    models = folder / "models" / "liveportrait"
    return {name: write(models / f"{name}.safetensors", text) for name in PARTS}
