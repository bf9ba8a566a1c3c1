"""What `/api/v1/openapi.json` says of parameters and answers. A test holds the answers to it."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema


class Problem(Schema):
    detail: str = Field(description="What was not understood, in Swedish.")


class Point(Schema):
    id: str = Field(description="Stays valid when the curriculum changes.")
    curriculum: Literal["LGR22", "GY25", "GY11", "LPFO18"]
    school_form: str
    subject: str
    years: str | None = Field(description='Compulsory school: "7-9".')
    level: str | None = Field(description="Upper secondary: code of the Gy25 level or Gy11 course.")
    heading: str | None
    text: str


class PointAlone(Point):
    ended: str | None
    successors: list[str]
    is_extract: bool = Field(description="True for our own-worded demo text, which is not the official one.")


class Match(Schema):
    core_content: list[Point]
    reason: str


class Hit(Schema):
    id: int
    source_id: str
    title: str
    summary: str
    url: str
    status: str | None
    category: str | None
    department: str | None
    takes_classes: bool
    match: Match


class FacetValue(Schema):
    value: str
    label: str
    count: int


class Facets(Schema):
    school_form: list[FacetValue]
    years: list[FacetValue]
    subject: list[FacetValue]
    programme: list[FacetValue]
    orientation: list[FacetValue]
    challenge: list[FacetValue]
    category: list[FacetValue]
    sector: list[FacetValue]
    department: list[FacetValue]
    technology: list[FacetValue]
    status: list[FacetValue]
    goal: list[FacetValue]
    core_content: list[FacetValue] | None = Field(None, description="Only when a subject is chosen; at most 200.")


class InitiativeList(Schema):
    count: int
    page: int
    per_page: int
    results: list[Hit]
    facets: Facets


class Aligned(Point):
    state: Literal["suggested", "confirmed"]
    score: float
    reason: str


class SubjectScore(Schema):
    subject: str
    curriculum: str
    years: str | None = None
    level: str | None = None
    score: float


class ProgrammeScore(Schema):
    code: str
    score: float


class InitiativeWhole(Schema):
    id: int
    source: str
    source_id: str
    title: str
    summary: str
    language: str
    url: str
    what: str
    why: str
    how: str
    lessons_learned: str
    other: str
    status: str | None
    progress: int | None
    stopped: bool
    status_explanation: str
    category: str | None
    department: str | None
    participants: list[str]
    challenge: dict[str, Any] | None
    sectors: list[str]
    technologies: list[str]
    goals: list[str]
    partners: list[str]
    platforms: list[dict[str, Any]]
    impact_goals: list[dict[str, Any]]
    resident_involvement: list[Any]
    links: list[dict[str, Any]]
    files: list[dict[str, Any]]
    video: str | None
    place: dict[str, Any] | None
    budget: str | None
    started: str | None
    created: str | None
    modified: str | None
    withdrawn: bool
    takes_classes: bool
    school_offer: dict[str, Any] | None
    alignments: list[Aligned]
    subjects: list[SubjectScore]
    programmes: list[ProgrammeScore]


class SubjectRow(Schema):
    code: str
    name: str
    curriculum: str
    school_form: str
    is_extract: bool
    starts_on: str | None
    ends_on: str | None


class SubjectList(Schema):
    count: int
    results: list[SubjectRow]


class PointList(Schema):
    count: int
    page: int
    per_page: int
    results: list[Point]


class OrientationRow(Schema):
    code: str
    name: str


class ProgrammeRow(Schema):
    code: str
    name: str
    curriculum: str
    category: str
    orientations: list[OrientationRow]
    subjects: list[str] = Field(description="Codes of the programme's own subjects, orientations included.")


class ProgrammeList(Schema):
    count: int
    results: list[ProgrammeRow]


class InitiativeFilters(Schema):
    """OR between values of one parameter (repeat it), AND between parameters."""

    q: str = Field("", description="Free text; knows Swedish word forms, compounds and small slips.")
    school_form: list[str] = Field([], description="FS, FKLASS, GR, GRAN or GY.")
    years: list[str] = Field([], description='"8", "7-9" or "4-9": matches points whose years share one.')
    level: list[str] = []
    subject: list[str] = []
    core_content: list[str] = []
    programme: list[str] = []
    orientation: list[str] = []
    challenge: list[str] = []
    category: list[str] = []
    sector: list[str] = []
    department: list[str] = []
    technology: list[str] = []
    status: list[str] = []
    goal: list[str] = []
    takes_classes: str = Field("", description="1 or 0.")
    sort: str = Field("relevance", description="relevance, newest or title.")
    page: str = Field("1", description="From 1.")
    per_page: str = Field("20", description="1 to 100.")


class Example(Schema):
    initiative: dict[str, Any] = Field(description="As in the list, without `match`.")
    core_content: list[Point]
    reason: str
    question: str


class Suggestions(Schema):
    examples: list[Example]
    widened: str | None = Field(description="How the wish was widened, in Swedish; null when it was not.")


class SuggestionFilters(Schema):
    school_form: list[str] = []
    subject: list[str] = []
    years: list[str] = []
    programme: list[str] = []
    orientation: list[str] = []
    core_content: list[str] = []
    exclude: list[str] = Field([], description="Ids of initiatives that were shown already.")


class SubjectFilters(Schema):
    school_form: list[str] = []
    curriculum: list[str] = []


class PointFilters(Schema):
    subject: list[str] = []
    years: list[str] = []
    level: list[str] = []
    page: str = "1"
    per_page: str = "20"


class ProgrammeFilters(Schema):
    curriculum: list[str] = []
