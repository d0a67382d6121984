# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is before the camera: source, clip and character, by the settings, and what is made of them without networks
that draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.picture_8bit import to_bgr8
from ...media.images import EXTENSIONS
from ...media.picture import Picture, PictureReader
from ...media.reader import open_source
from ...source import FaceChoice, Source, SourceKind
from ..diffusion.advice import NO_FACE_TO_PERFORM, about_clip
from ..diffusion.performer import Performer
from ..diffusion.preview import Preview
from ..diffusion.squares import SourceViews
from ..engine import FrameRequest, Quality
from . import mask_points
from .acting import Acting, Cast
from .bodies import Bodies
from .canvas import DrawnCanvas
from .corrections import Corrections
from .description import STAGES, WANANIMATE
from .faces import Faces
from .finishing import opaque
from .guides import GuideMaker
from .helpers import TRACKING
from .preprocess.sizes import letterboxed
from .shot import People, Shape, Shot

if TYPE_CHECKING:
    from .session import Parts

NOBODY = "Nobody was found who could be replaced; place Mask Points on the person, or correct the masks."
_LABELS = {setting.name: setting.label for setting in WANANIMATE.settings}


class Scene:
    """Source, clip and character of one session.

    Attributes:
        canvas: what is drawn on.

    Raises:
        TalkingHeadError: NO_FACE; INVALID_REQUEST for settings that do not go together; SOURCE_MISSING and what else
            reading the corrected pictures raises.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        self._parts = parts
        self._pictures = pictures
        self._choice = choice
        self._settings = settings
        self.canvas = DrawnCanvas.of(pictures.read(choice.picture).size, int(str(settings["size"])))
        self.replaces = settings["mode"] == "replace"
        self._views: SourceViews | None = None
        self._performer: Performer | None = None
        self._preview: Preview | None = None
        if settings["faces"] == "person":
            self._views = SourceViews(parts.tracker, pictures, choice, parts.framing, WANANIMATE.neighbours)
            self._performer = Performer(parts.tracker, self._views, parts.clip)
            self._preview = Preview(parts.tracker, pictures, choice, settings, parts.clip, parts.executor)
        elif settings["tracking"] != "full":
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                "Head and Shoulders looks for a face, and Driven By is set to Body.",
                "Set Tracking to Whole Body, or Driven By to Person with Face.",
            )

    def warnings(self) -> list[str]:
        """Sentences about source and clip."""
        sentences = []
        views, clip = self._views, self._parts.clip
        if views is not None and clip is not None:
            sentences += about_clip(clip)
        if views is not None and views.chosen.manual and not views.is_still:
            sentences.append("Points placed by hand do not follow the motion of a moving source.")
        if not self.replaces and clip is None and views is None and len(self._pictures) == 1:
            sentences.append("Nothing moves: a picture acts only with a driving clip, or with Driven By set to Person.")
        return sentences

    def check_stage(self, name: str) -> None:
        """Whether there is a stage with these settings.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        stage = next((stage for stage in STAGES if stage.name == name), None)
        if stage is None:
            names = ", ".join(stage.name for stage in STAGES)
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST, f"{WANANIMATE.label} has no stage '{name}'.", f"Use one of: {names}."
            )  # fmt: skip
        if name in ("mask", "background") and not self.replaces:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"The stage {stage.label} is made only where a person is replaced.",
                "Set Mode to Replace.",
            )

    def preview(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The performance that will be drawn: the puppet's on the source; of bodies, the clip in the source's size."""
        if self._preview is not None:
            yield from self._preview.frames(requests, quality)
            return
        clip = None if self.replaces else self._parts.clip
        for request in requests:
            source = self._pictures.read(request.picture)
            if clip is None or request.driving is None:
                yield request.index, source
                continue
            place = min(max(int(request.driving.position + 0.5), 0), len(clip) - 1)
            with closing(clip.pictures([place])) as reader:
                width, height = source.size
                shown = letterboxed(to_bgr8(reader.read(place)), height, width, cv2.INTER_AREA)
            yield request.index, opaque(source, shown.astype(np.float32) / 255)

    def reference(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB: the character on the canvas.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a picture of the character; SOURCE_MISSING, SOURCE_UNREADABLE ...
        """
        picture = self._character if self.replaces else self._pictures.read(self._choice.picture)
        return np.ascontiguousarray(self.canvas.letterboxed(to_bgr8(picture))[..., ::-1])

    @cached_property
    def guides(self) -> GuideMaker:
        """What makes the pictures that guide a section."""
        corrections = {
            stage.name: Corrections(str(self._settings[stage.setting]), _LABELS[stage.setting], still=stage.grey)
            for stage in STAGES
            if stage.setting
        }
        return GuideMaker(self._pictures, self.canvas, self._acting, self._shot, corrections)

    @property
    def seen_warnings(self) -> list[str]:
        """Sentences about what was seen while guides were made."""
        sentences = [NO_FACE_TO_PERFORM] if self._performer is not None and self._performer.lacks_face else []
        sentences += [NOBODY] if self._shot is not None and self._shot.lacks_person else []
        return [*sentences, *(self.guides.warnings.values() if "guides" in self.__dict__ else ())]

    def close(self) -> None:
        """Free what the scene holds."""
        for held in (self._preview, self._performer, self._views):
            if held is not None:
                held.close()
        if "guides" in self.__dict__:
            self.guides.close()
        self._parts.helpers.release()

    @cached_property
    def _acting(self) -> Acting:
        parts, settings = self._parts, self._settings
        faces = None
        if self._views is not None and self._performer is not None:
            faces = Faces(self._performer, self._views, parts.clip)
        tracked = None
        if settings["tracking"] == "full":
            tracked = self._tracked()
        cast = Cast(
            pictures=self._pictures,
            chosen=self._choice.picture,
            views=self._views,
            faces=faces,
            clip=parts.clip,
            tracked=tracked,
            replaces=self.replaces,
            fits=bool(settings["retarget"]),
        )
        return Acting(cast, self.canvas)

    def _tracked(self) -> tuple[Bodies, Bodies]:
        """Bodies of the source's and of the clip's pictures: of the people whose faces were chosen."""
        parts, views, clip = self._parts, self._views, self._parts.clip

        def in_source(picture: int) -> np.ndarray | None:
            face = None if views is None else views.face(picture)
            return None if face is None else face.landmarks[:, :2]

        def in_clip(picture: int) -> np.ndarray | None:
            return None if clip is None or views is None else clip.landmarks(picture)

        own = Bodies(parts.helpers, parts.notes, in_source, repr(self._choice) if views else "")
        return own, Bodies(parts.helpers, clip, in_clip)

    @cached_property
    def _shot(self) -> Shot | None:
        if not self.replaces:
            return None
        settings, parts = self._settings, self._parts
        numbers = [int(str(settings[f"mask_{name}"])) for name in ("grow", "columns", "rows")]
        views = self._views
        follows = settings["mask_from"] == "sam2"
        full = settings["tracking"] == "full"
        people = People(
            tracker=parts.tracker,
            helpers=parts.helpers if follows else None,
            body=self._acting.source_body,
            face=lambda picture: None if views is None else views.face(picture),
            # Without a face in play it is the largest person's body, whichever face was chosen.
            key=f"{parts.helpers.digest(TRACKING) if follows and full else ''} {self._choice if views else ''}",
        )
        points = mask_points.read(str(settings["mask_points"]))
        return Shot(people, self._pictures, self.canvas, points, Shape(*numbers), parts.notes)

    @cached_property
    def _character(self) -> Picture:
        name = str(self._settings["character"]).strip()
        if not name:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                "There is no picture of the character who replaces the person in the shot.",
                "Choose one as Character, or set Mode to Animate.",
            )
        path = Path(name).expanduser()
        kind = SourceKind.IMAGE if path.suffix.lower() in EXTENSIONS else SourceKind.MOVIE
        with closing(open_source(Source(kind, (str(path),)))) as reader:
            picture = reader.read(0)
            return replace(picture, pixels=picture.pixels.copy())
