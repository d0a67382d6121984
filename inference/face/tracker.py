# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces in pictures: detection, landmarks, blendshapes, person matte. Needs the two model files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ..weights.store import WeightStore
from .blendshapes import BlendshapeNetwork
from .detector import THRESHOLD, Detection, Detector
from .face import Face
from .landmarks import LandmarkNetwork, Region, region_of_detection, region_of_landmarks
from .matte import MatteNetwork
from .mesh import CanonicalMesh, parse_mesh
from .models import BLENDSHAPES, DETECTOR, LANDMARKS, MESH, bundle_member
from .search import Look, search

# A leaning face needs more runs than the usual two until its region stands upright in it.
_MOST_RUNS = 3
_SETTLED = 0.1
# A followed face this near, in face sizes, is the right one without looking further.
_NEAR = 1.0
# Parts of a region's side by which a followed face may shift or grow before it is looked at again.
_FAR = 0.08


class FaceTracker:
    """Finds faces. Networks are read on construction; used by one thread at a time.

    What is found in a picture depends on that picture alone, never on pictures seen before.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, ENVIRONMENT_BROKEN.
    """

    def __init__(self, weights: WeightStore) -> None:
        bundle = weights.path("face_landmarker")
        self.mesh: CanonicalMesh = parse_mesh(bundle_member(bundle, MESH))
        self._detector = Detector(bundle_member(bundle, DETECTOR))
        self._landmarks = LandmarkNetwork(bundle_member(bundle, LANDMARKS))
        self._blendshapes = BlendshapeNetwork(bundle_member(bundle, BLENDSHAPES))
        self._weights = weights

    @cached_property
    def _matte(self) -> MatteNetwork:
        return MatteNetwork(self._weights.path("selfie_segmenter").read_bytes())

    def faces(self, bgr: np.ndarray, looks: Sequence[Look] = tuple(Look)) -> list[Face]:
        """All faces, largest first; empty when there is none (animals and many drawings count as none).

        Args:
            bgr: (H, W, 3) uint8, display-referred.
            looks: where the detector looks, in order of effort.
        """
        faces: list[Face] = []
        for look in looks:
            if faces and look in (Look.TURNED, Look.QUARTERS):
                continue
            for detection in search(self._detector, bgr, look):
                if not any(_covers(face, detection) for face in faces):
                    faces += self._faces_of(bgr, detection)
        return sorted(faces, key=lambda face: -_side(face))

    def follow(self, bgr: np.ndarray, near: Face) -> Face | None:
        """The face of another picture that is nearest to a given one in place and size, or None where there is none."""
        left, top, right, bottom = near.box()
        centre, side = np.array([left + right, top + bottom]) / 2, max(right - left, bottom - top)

        def distance(detection: Detection) -> float:
            apart = float(np.linalg.norm(detection.centre - centre)) / side
            return apart + abs(float(np.log(detection.side / side)))

        # A small face may be seen only by a closer look, while another, larger one is seen at once.
        far: list[tuple[float, Face]] = []
        for look in Look:
            for detection in sorted(search(self._detector, bgr, look), key=distance):
                for face in self._faces_of(bgr, detection):
                    if distance(detection) < _NEAR:
                        return face
                    far.append((distance(detection), face))
        return min(far, key=lambda item: item[0])[1] if far else None

    def refine(self, bgr: np.ndarray, near: Face) -> Face | None:
        """The face that is about where another one is, without detection; None when the networks see none there."""
        first, _ = self._landmarks.run(bgr, region_of_landmarks(near.landmarks))
        found = self._landmarks_at(bgr, first)
        return None if found is None else Face(found, near.score)

    def step(self, bgr: np.ndarray, before: Face) -> Face | None:
        """The face that a moment before was at another place near by; None when the networks see none there.

        One run of the landmark network where the face hardly moved. Unlike the other methods' results, this one's
        depends a little on the picture before.
        """
        region = region_of_landmarks(before.landmarks)
        landmarks, presence = self._landmarks.run(bgr, region)
        if presence < THRESHOLD or _moved_far(region, region_of_landmarks(landmarks)):
            found = self._landmarks_at(bgr, landmarks)
            if found is None:
                return None
            landmarks = found
        return Face(landmarks, before.score, self._blendshapes.run(landmarks))

    def person_matte(self, bgr: np.ndarray, face: Face | None = None) -> np.ndarray:
        """(H, W) float32, 0 to 1: how much each pixel of a (H, W, 3) uint8 picture belongs to a person.

        Args:
            face: looked at once more from near, where that is finer.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        return self._matte.run(bgr) if face is None else self._matte.run_near(bgr, face.box())

    def _faces_of(self, bgr: np.ndarray, detection: Detection) -> list[Face]:
        """The face of a detection, or nothing when the landmark network sees none there."""
        first, _ = self._landmarks.run(bgr, region_of_detection(detection))
        landmarks = self._landmarks_at(bgr, first)
        if landmarks is None:
            return []
        return [Face(landmarks, detection.score, self._blendshapes.run(landmarks))]

    def _landmarks_at(self, bgr: np.ndarray, landmarks: np.ndarray) -> np.ndarray | None:
        """Landmarks (478, 3) from a region around earlier ones, or None where there is no face."""
        presence = 0.0
        for _ in range(_MOST_RUNS):
            region = region_of_landmarks(landmarks)
            landmarks, presence = self._landmarks.run(bgr, region)
            if _turn(region, region_of_landmarks(landmarks)) < _SETTLED:
                break
        return landmarks if presence >= THRESHOLD else None


def _moved_far(before: Region, after: Region) -> bool:
    """Whether a face lies so differently in its region that the network should look again."""
    shift = np.hypot(after.centre[0] - before.centre[0], after.centre[1] - before.centre[1]) / before.side
    return bool(max(shift, abs(after.side / before.side - 1)) > _FAR or _turn(before, after) > _SETTLED)


def _turn(before: Region, after: Region) -> float:
    """Angle between two regions in radians, 0 to pi."""
    return abs((after.angle - before.angle + np.pi) % (2 * np.pi) - np.pi)


def _covers(face: Face, detection: Detection) -> bool:
    """Whether the middle of a detection lies on a face that is known already."""
    left, top, right, bottom = face.box()
    x, y = detection.centre
    return bool(left <= x <= right and top <= y <= bottom)


def _side(face: Face) -> float:
    left, top, right, bottom = face.box()
    return max(right - left, bottom - top)
