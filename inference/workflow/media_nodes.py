# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that load, resize and write pictures and movies."""

from __future__ import annotations

from fractions import Fraction

from .graph import Graph, Node
from .plan import PlannedStrip
from .reading import Reading

MOVIE_LOADERS = ("VHS_LoadVideo", "VHS_LoadVideoPath", "VHS_LoadVideoFFmpeg", "VHS_LoadVideoFFmpegPath", "LoadVideo")
IMAGE_LOADERS = ("LoadImage", "LoadImageMask", "LoadImageOutput", "VHS_LoadImagePath")
FOLDER_LOADERS = ("VHS_LoadImages", "VHS_LoadImagesPath")
LOADERS = frozenset((*MOVIE_LOADERS, *IMAGE_LOADERS, *FOLDER_LOADERS))

# Where the picture comes in, in the nodes that change one.
_PICTURE_INPUTS = ("images", "image", "pixels", "frames", "video", "src_images", "src_image", "landmarks")
# Inputs that lead to something else than the picture that is followed, and those that do so where others are there.
_ASIDE = ("mask", "face_toolkits", "pipeline", "audio", "vae", "meta_batch", "model")
_LAST = ("ref_image", "ref_head_pose", "ref_expression", "ref_rt")
_ANNOTATIONS = (" [input]", " [output]", " [temp]")
WIRING = frozenset(
    (
        "GetVideoDriveParams", "GetImageDriveParams", "GetDrivePose", "GetDriveExpression", "GetHeadPose",
        "GetExpression", "GetExpression2", "GetFaceLandmarks", "GetReferenceImageRT", "GetVideoComponents",
        "GetImageSizeAndCount",
    )
)  # fmt: skip


def medium(
    reading: Reading, node: Node, name: str, role: str, editors: list[Node] | None = None
) -> PlannedStrip | None:
    """The medium that an input of a node comes from; what happens to it on the way is listed or kept as settings.

    Args:
        editors: takes the ``ExpressionEditor`` nodes on the way, which change the face, instead of listing them.
    """
    origin = reading.graph.linked(node, name)
    seen: set[str] = set()
    while origin is not None and origin.id not in seen:
        seen.add(origin.id)
        reading.use(origin)
        if origin.type in LOADERS:
            return _loaded(reading, origin, role)
        if editors is not None and origin.type == "ExpressionEditor":
            editors.append(origin)
        else:
            _pass(reading, origin, role)
        origin = _before(reading.graph, origin)
    return None


def _before(graph: Graph, node: Node) -> Node | None:
    """The node that the picture comes from."""
    first = [name for name in _PICTURE_INPUTS if name in node.links]
    others = [name for name in node.links if not any(part in name for part in _ASIDE) and name not in (*first, *_LAST)]
    names = [*first, *others, *(name for name in _LAST if name in node.links)]
    return next((found for name in names if (found := graph.linked(node, name)) is not None), None)


def _pass(reading: Reading, node: Node, role: str) -> None:
    if node.type == "ImageResize":
        names = (
            "action", "smaller_side", "larger_side", "scale_factor", "resize_mode", "side_ratio",
            "crop_pad_position", "pad_feathering",
        )  # fmt: skip
        values = {name: reading.raw(node, name) for name in names}
        reading.setting(f"image_resize_{role}", **values)
        if any(value is not None for value in values.values()):
            action = values["action"] or "resize"
            reading.report(node, f"{action} of the {role} picture", "the face is animated on the whole picture")
    elif node.type in WIRING:
        ratio = reading.raw(node, "trans_ratio")
        if ratio is not None:
            reading.setting("hello_meme", trans_ratio=ratio)
    else:
        reading.report(node, f"what it does to the {role} picture", "the file itself is used")


def _loaded(reading: Reading, node: Node, role: str) -> PlannedStrip | None:
    file = _file(reading, node)
    if not file:
        reading.report(node, "the file", "the workflow does not name it")
        return None
    if node.type in IMAGE_LOADERS:
        return PlannedStrip(role, "image", file, node=node.id)
    if node.type == "LoadVideo":
        return PlannedStrip(role, "movie", file, node=node.id)
    if node.type in FOLDER_LOADERS:
        skip, cap = reading.whole(node, "skip_first_images", 0), reading.whole(node, "image_load_cap", 0)
        nth = reading.whole(node, "select_every_nth", 1, 1)
        return PlannedStrip(role, "sequence", file, Fraction(0), skip, nth, cap, None, node.id)
    _list_size(reading, node, role)
    start_s = Fraction(str(reading.number(node, "start_time", 0.0)))
    return PlannedStrip(
        role=role,
        kind="movie",
        file=file,
        start_s=max(start_s, Fraction(0)),
        skip=reading.whole(node, "skip_first_frames", 0),
        every_nth=reading.whole(node, "select_every_nth", 1, 1),
        cap=reading.whole(node, "frame_load_cap", 0),
        rate=reading.rate(node, "force_rate"),
        node=node.id,
    )


def _file(reading: Reading, node: Node) -> str:
    for name in ("video", "image", "file", "directory"):
        text = reading.text(node, name)
        if text:
            for annotation in _ANNOTATIONS:
                text = text.removesuffix(annotation)
            return text
    return ""


def _list_size(reading: Reading, node: Node, role: str) -> None:
    force = reading.raw(node, "force_size")
    if force is None:  # newer nodes have no such widget: there a custom size other than 0 counts
        width, height = reading.whole(node, "custom_width", 0), reading.whole(node, "custom_height", 0)
        if not width and not height:
            return
        force = f"{width or '?'}x{height or '?'}"
    if force in ("Disabled", ""):
        return
    reading.setting(f"size_{role}", force_size=force)
    reading.report(node, f"size {force}", f"the {role} clip is read in its own size")


def output_of(reading: Reading, animator: Node | None) -> Fraction | None:
    """Frames a second of the node that writes the film; its other widgets become settings."""
    writers = reading.graph.active("VHS_VideoCombine")
    chosen = [node for node in writers if animator is not None and _comes_from(reading.graph, node, animator)]
    rate: Fraction | None = None
    for node in chosen[:1] or writers[:1]:
        reading.use(node)
        rate = reading.rate(node, "frame_rate")
        names = ("filename_prefix", "format", "pix_fmt", "crf", "loop_count", "pingpong")
        reading.setting("output", **{name: reading.raw(node, name) for name in names})
        if reading.switch(node, "pingpong", False):
            reading.report(node, "pingpong", "the film is not played back and forth")
        if reading.whole(node, "loop_count", 0):
            reading.report(node, "loop_count", "the film is not repeated")
        if reading.graph.linked(node, "audio") is not None:
            reading.report(node, "audio", "sound is not imported; add it to the sequencer as a strip")
    for node in writers:
        if not reading.used(node):
            reading.use(node)
            reading.report(node, "the node", "the film is written once, as another node says")
    return rate


def _comes_from(graph: Graph, node: Node, wanted: Node) -> bool:
    waiting, seen = [node], set()
    while waiting:
        current = waiting.pop()
        if current.id == wanted.id:
            return True
        if current.id not in seen:
            seen.add(current.id)
            waiting += [found for name in current.links if (found := graph.linked(current, name)) is not None]
    return False
