"""A lesson sheet as PDF: one A4 page, in the letters, words and order of `lesson_sheet.typ`."""

from __future__ import annotations

from pathlib import Path

import msgspec
from django.utils.translation import gettext as _

from bryggan.web.sheets import typesetting
from bryggan.web.sheets.lesson_sheet import LessonSheet
from bryggan.web.sheets.typesetting import cut, qr_code

_PROGRAM = Path(__file__).with_name("lesson_sheet.typ")
# How much of each text goes to the printer at all; the program makes smaller what does not fit beside the rest.
_LONGEST = {"title": 160, "text": 1000, "status": 320, "word": 40, "meaning": 140, "question": 240, "point": 320}
_MOST_WORDS = 8


def data_of(sheet: LessonSheet) -> str:
    """The sheet as JSON: all that the page is made from."""
    initiative = sheet.initiative
    told = {
        "labels": {
            "kind": _("Lektionsblad"),
            "questions": _("Frågor att börja med"),
            "words": _("Svåra ord"),
            "points": _("Centralt innehåll"),
            "confirmed": _("Bekräftat av en redaktör"),
            "suggested": _("Föreslaget av en dator"),
            "no_points": no_points_text(sheet),
            "extract": _("Läroplanstexten är ett demo-utdrag, inte den officiella texten."),
            "notes": _("Våra anteckningar"),
            "code": _("QR-kod till initiativets sida"),
            "more": _("Läs mer"),
            "pupils": _("Sida för elever"),
            "pupils_code": _("QR-kod till sidan för elever"),
        },
        "class_name": cut(sheet.class_name, 90),
        "title": cut(initiative.title, _LONGEST["title"]),
        "title_language": initiative.language,
        "text": cut(sheet.text, _LONGEST["text"]),
        "text_language": sheet.text_language,
        "status": cut(" ".join(sheet.status), _LONGEST["status"]),
        "is_stopped": initiative.is_stopped or initiative.is_withdrawn,
        "words": [
            {"word": cut(word, _LONGEST["word"]), "meaning": cut(meaning, _LONGEST["meaning"])}
            for word, meaning in sheet.hard_words[:_MOST_WORDS]
        ],
        "questions": [cut(question, _LONGEST["question"]) for question in sheet.questions],
        "points": [
            {
                "where": cut(point.where, 70),
                "text": cut(point.text, _LONGEST["point"]),
                "confirmed": point.is_confirmed,
            }
            for point in sheet.points
        ],
        "is_extract": sheet.is_extract,
        "address": sheet.address,
        "code": qr_code(sheet.address),
        "pupil_address": sheet.pupil_address,
        "pupil_code": qr_code(sheet.pupil_address),
        "source": cut(sheet.source, 300),
    }
    return msgspec.json.encode(told).decode()


def no_points_text(sheet: LessonSheet) -> str:
    if sheet.has_other_points:
        return _("Vi har inte hittat något centralt innehåll för det valda ämnet och den valda årskursen.")
    return _("Vi har inte hittat något centralt innehåll som passar.")


def tag_of(data: str) -> str:
    """An entity tag: the same as long as the page would be the same."""
    return typesetting.tag_of(_PROGRAM, data)


def pdf_of(data: str) -> bytes:
    """The page: 8 to 25 ms of CPU."""
    return typesetting.pdf_of(_PROGRAM, data)
