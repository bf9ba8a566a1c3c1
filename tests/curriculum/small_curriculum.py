"""A curriculum small enough to see through: two subjects of each kind, in the shapes of Skolverket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def level(code: str, name: str, text: str, order: int = 1) -> dict[str, Any]:
    return {"code": code, "name": name, "points": "100", "sortOrder": order, "centralContent": {"text": text}}


def points(*texts: str, heading: str = "") -> str:
    opening = "<p>Undervisningen i ämnet ska behandla följande centrala innehåll:</p> "
    head = f"<p><em>{heading}</em></p>" if heading else ""
    return opening + head + "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>"


WATER = "Vattnets kretslopp i staden och hur dagvatten tas om hand."
ENERGY = "Energi, klimat och hållbar utveckling i ett lokalt perspektiv."
TESTING = "Hur en idé prövas, mäts och görs om."


def gy25() -> dict[str, Any]:
    return {
        "_meta": {"api_version": "1.16.0"},
        "subjects": [
            {
                "code": "NATU",
                "name": "Naturkunskap",
                "typeOfSyllabus": "GRADE_SUBJECT_SYLLABUS",
                "reform": "GY25",
                "startDate": "2025-07-01",
                "modifiedDate": "2025-12-11",
                "skolfsGrund": "2023:147",
                "categories": [{"code": "COMMON2", "name": "Kapitel 4-ämne"}],
                "purpose": "<p>Ämnet syftar.</p><ul><li>Ett mål.</li></ul><h3>Nivåer i ämnet</h3><ul><li>x</li></ul>",
                "courses": [
                    level("NATU1A10X", "Nivå 1a1", points(WATER, ENERGY, heading="Natur")),
                    level("NATU1A20X", "Nivå 1a2", points(ENERGY), 2),
                ],
            },
            {
                "code": "TEKI",
                "name": "Teknik",
                "typeOfSyllabus": "GRADE_SUBJECT_SYLLABUS",
                "courses": [level("TEKI1000X", "Nivå 1", points(TESTING, ENERGY))],
            },
        ],
    }


def gy11() -> dict[str, Any]:
    return {
        "subjects": [
            {
                "code": "VÄX",
                "name": "Växtkunskap",
                "typeOfSyllabus": "SUBJECT_SYLLABUS",
                "reform": "GY11",
                "endDate": "2030-06-30",
                "courses": [level("VÄXVÄX01a", "Växtkunskap 1", points("Zoonoser."))],
            }
        ]
    }


def compulsory() -> dict[str, Any]:
    def subject(code: str, name: str) -> dict[str, Any]:
        group = {"heading": "Natur och miljö", "points": ["Årstider i naturen.", f"Enkla undersökningar i {name}."]}
        return {
            "code": code,
            "name": name,
            "typeOfSyllabus": "COURSE_SYLLABUS",
            "aims": ["förmåga att undersöka,", "förmåga att förklara."],
            "centralContents": [{"year": "1-3", "groups": [group]}],
        }

    return {"subjects": [subject("GRGRBIO01", "biologi"), subject("GRGRFYS01", "fysik")]}


def programmes() -> dict[str, Any]:
    natu = {"code": "NATU", "name": "Naturkunskap", "levels": [{"code": "NATU1A10X"}]}
    slot = {"code": "MOSP", "name": "Moderna språk", "levels": [], "placeholder": True}
    return {
        "gy25": [
            {
                "code": "NA25",
                "name": "Naturvetenskapsprogrammet",
                "studyPathType": "PROGRAM25",
                "category": "PRELIMINARY_PROGRAM_FOR_HIGHER_EDUCATION",
                "startDate": "2026-07-01",
                "foundationSubjects": [{"code": "SVEN", "name": "Svenska", "levels": [], "optional": True}, slot],
                "programmeSpecificSubjects": [natu],
                "orientations": [
                    {"code": "NANAP", "name": "Naturvetenskap", "points": 400, "subjects": [{"code": "BIOG"}]},
                    {"code": "NANAA", "name": "Naturvetenskap och samhälle", "subjects": [{"code": "GEOG"}]},
                ],
                "specializationSubjectCodes": ["TEKI"],
            }
        ],
        "gy11": [
            {
                "code": "NA",
                "name": "Naturvetenskapsprogrammet",
                "studyPathType": "PROGRAM",
                "orientations": [{"code": "NANAT", "name": "Naturvetenskap"}],
            },
            {"code": "HV", "name": "Hantverksprogrammet", "studyPathType": "PROGRAM", "orientations": []},
        ],
    }


def write(
    folder: Path,
    *,
    gy25: Any = None,
    gy11: Any = None,
    compulsory: Any = None,
    programmes: Any = None,
) -> Path:
    """A folder with the given files, as `--directory` reads it."""
    folder.mkdir(exist_ok=True)
    for name, content in (
        ("gy25_subjects", gy25),
        ("gy11_subjects", gy11),
        ("grundskola_lgr22_parsed", compulsory),
        ("programmes", programmes),
    ):
        if content is not None:
            (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return folder


def write_all(folder: Path) -> Path:
    return write(folder, gy25=gy25(), gy11=gy11(), compulsory=compulsory(), programmes=programmes())
