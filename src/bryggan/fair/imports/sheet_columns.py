"""The columns of the fair's table: Swedish headings, how a cell is read, and what to tell those who fill it in.

The headings are a format that people's files are written in, so they are not translated and do not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bryggan.fair.imports import values
from bryggan.fair.models import Session

Parse = Callable[[object], Any]


@dataclass(frozen=True)
class Column:
    """A column of the table. `of` says what it describes: the session, its place, or one time."""

    name: str
    heading: str
    parse: Parse
    of: str
    help: str | Promise
    example: str = ""
    others: tuple[str, ...] = ()


COLUMNS: tuple[Column, ...] = (
    Column(
        "remote_id",
        "id",
        values.line(120),
        "session",
        _(
            "Er beteckning på programpunkten. Samma id på varje rad som är en tid för den, och "
            "samma id nästa gång ni läser in filen."
        ),
        example="bro-1",
    ),
    Column(
        "title",
        "rubrik",
        values.line(200),
        "session",
        _("Programpunktens namn."),
        example="Bygg en bro som håller",
        others=("titel", "namn"),
    ),
    Column(
        "day",
        "datum",
        values.day,
        "occasion",
        _("Dagen, som 2027-06-01."),
        example="2027-06-01",
        others=("dag",),
    ),
    Column(
        "starts",
        "börjar",
        values.clock,
        "occasion",
        _("Klockslag, som 9.30."),
        example="9.30",
        others=("start", "starttid"),
    ),
    Column(
        "ends",
        "slutar",
        values.clock,
        "occasion",
        _("Klockslag. Kan lämnas tomt när minuter är ifyllt."),
        example="10.15",
        others=("slut", "sluttid"),
    ),
    Column(
        "ends_on",
        "slutdatum",
        values.day,
        "occasion",
        _("Bara när den slutar en annan dag än den börjar."),
    ),
    Column(
        "occasion_id",
        "tid-id",
        values.line(120),
        "occasion",
        _(
            "Er beteckning på just den här tiden. Med den kan ni flytta tiden i nästa fil. Utan "
            "den är tiden själv beteckningen."
        ),
        example="bro-1-tis",
    ),
    Column(
        "kind",
        "slag",
        values.kind,
        "session",
        _("fasta tider, eller öppet om klassen kommer när den vill."),
        example="fasta tider",
    ),
    Column(
        "minutes",
        "minuter",
        values.number(1, values.MOST_MINUTES),
        "session",
        _("Hur länge en klass är där."),
        example="45",
    ),
    Column(
        "venue",
        "plats",
        values.line(160),
        "venue",
        _("Platsens namn."),
        example="Dockanparken",
    ),
    Column(
        "area",
        "område",
        values.line(120),
        "venue",
        _("Den del av staden som platsen ligger i."),
        example="Oceanhamnen",
    ),
    Column(
        "address",
        "adress",
        values.line(200),
        "venue",
        _("Gatuadress."),
    ),
    Column(
        "latitude",
        "latitud",
        values.degrees(90),
        "venue",
        _("Platsens läge i grader, om ni vet det."),
        example="56,0362",
    ),
    Column(
        "longitude",
        "longitud",
        values.degrees(180),
        "venue",
        _("Som latitud."),
        example="12,6965",
    ),
    Column(
        "summary",
        "kort",
        values.line(300),
        "session",
        _("En mening om vad klassen gör."),
        example="Klassen bygger en bro av pinnar och provar vad den bär.",
    ),
    Column(
        "description",
        "beskrivning",
        values.long_text,
        "session",
        _("Längre text."),
    ),
    Column(
        "unit",
        "räknas i",
        values.unit,
        "session",
        _("Vad platserna räknas i: personer eller grupper."),
        example="personer",
    ),
    Column(
        "capacity",
        "platser",
        values.number(1, values.MOST_SEATS),
        "session",
        _("Hur många som får plats. Tomt är ingen gräns."),
        example="30",
    ),
    Column(
        "own_capacity",
        "platser den tiden",
        values.number(1, values.MOST_SEATS),
        "occasion",
        _("När just den tiden har ett annat antal."),
    ),
    Column(
        "smallest_group",
        "minsta grupp",
        values.number(1, 1000),
        "session",
        _("Minsta antal personer i en grupp."),
    ),
    Column(
        "largest_group",
        "största grupp",
        values.number(1, 1000),
        "session",
        _("Största antal personer i en grupp."),
        example="30",
    ),
    Column(
        "counts_adults",
        "vuxna räknas",
        values.yes_no,
        "session",
        _("ja om de vuxna behöver egna platser."),
        example="ja",
    ),
    Column(
        "school_forms",
        "skolformer",
        values.school_forms,
        "session",
        _("förskola, förskoleklass, grundskola, anpassad grundskola, gymnasieskola. Tomt är alla."),
        example="grundskola",
    ),
    Column(
        "school_years",
        "årskurser",
        values.years,
        "session",
        _("Som F-3, 7-9 eller 4, 5. Tomt är alla."),
        example="4-9",
        others=("årskurs", "åk"),
    ),
    Column(
        "programmes",
        "program",
        values.parts,
        "session",
        _("Gymnasieprogram, med kod eller namn. Tomt är alla."),
        others=("gymnasieprogram",),
    ),
    Column(
        "subjects",
        "ämnen",
        values.parts,
        "session",
        _("Ämnen i läroplanen, med namn eller kod."),
        example="Teknik, Fysik",
        others=("ämne",),
    ),
    Column(
        "languages",
        "språk",
        values.languages,
        "session",
        _("Språk som den ges på."),
        example="svenska",
    ),
    Column(
        "cost",
        "kostnad",
        values.number(0, 1_000_000),
        "session",
        _("Kronor för en klass. 0 eller tomt är gratis."),
        example="0",
        others=("pris",),
    ),
    Column(
        "cost_text",
        "om kostnaden",
        values.line(200),
        "session",
        _("Till exempel vad som ingår."),
    ),
    Column(
        "needs_booking",
        "bokas",
        values.yes_no,
        "session",
        _("ja om klassen måste boka i förväg."),
        example="ja",
    ),
    Column(
        "booking_opens_at",
        "bokningen öppnar",
        values.moment_parts,
        "session",
        _("Dag och klockslag, som 2027-04-01 8.00. Tomt är genast."),
    ),
    Column(
        "booking_closes_hours",
        "bokningen stänger timmar före",
        values.number(0, 2000),
        "session",
        _("Timmar innan tiden börjar. Tomt är 24."),
        example="24",
    ),
    Column(
        "is_for_children",
        "barnspåret",
        values.yes_no,
        "session",
        _("ja om den ingår i barnspåret."),
        example="nej",
    ),
    Column(
        "theme",
        "tema",
        values.theme,
        "session",
        _("Ett ord om vad den handlar om, så att en dag får olika slags innehåll."),
        example="bygga",
    ),
    Column(
        "initiatives",
        "initiativ",
        values.parts,
        "session",
        _("Stadens initiativ som den visar: numret i adressen, eller namnet."),
    ),
    Column(
        "department",
        "förvaltning",
        values.line(200),
        "session",
        _("Förvaltningen som ger den."),
    ),
    Column(
        "company",
        "företag",
        values.line(200),
        "session",
        _("Företaget som ger den."),
    ),
    Column(
        "organiser",
        "arrangör",
        values.line(200),
        "session",
        _("Namn på arrangören, när det är någon annan."),
    ),
    Column(
        "link",
        "länk",
        values.link,
        "session",
        _("En webbsida om den."),
    ),
    Column(
        "state",
        "läge",
        values.state,
        "session",
        _("publicerad, utkast eller inställd. Tomt är publicerad."),
        example="publicerad",
    ),
    Column(
        "is_cancelled",
        "inställd tid",
        values.yes_no,
        "occasion",
        _("ja om just den tiden är inställd."),
    ),
    Column(
        "note",
        "anmärkning",
        values.line(300),
        "occasion",
        _("Att veta om just den här tiden."),
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}
BY_HEADING = {word: column for column in COLUMNS for word in (column.heading, *column.others)}
NEEDED = ("remote_id", "title", "day", "starts")
# What an empty cell means, where it means something else than nothing said.
EMPTY: Mapping[str, Any] = {
    "summary": "",
    "description": "",
    "unit": Session.Unit.PEOPLE.value,
    "capacity": None,
    "smallest_group": None,
    "largest_group": None,
    "counts_adults": True,
    "school_forms": [],
    "school_years": [],
    "programmes": (),
    "subjects": (),
    "languages": [],
    "cost": 0,
    "cost_text": "",
    "needs_booking": False,
    "booking_opens_at": None,
    "booking_closes_hours": 24,
    "is_for_children": False,
    "theme": "",
    "initiatives": (),
    "department": "",
    "company": "",
    "organiser": "",
    "link": "",
}
NAMES: Mapping[str, str] = {column.name: column.heading for column in COLUMNS} | {
    "starts_at": "börjar",
    "ends_at": "slutar",
}
