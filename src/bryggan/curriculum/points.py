"""Points of central content: taking them out of Skolverket's HTML, and names that survive a re-import.

What surprised us in the 2 186 texts of upper secondary school and the 20 syllabuses of compulsory school:

* A point is one `<li>`, whatever its length: "Zoonoser." is one, and so is one of 653 characters.
* A heading is any paragraph or `h2`–`h6` before a list. Asking for `<strong>` inside it finds no heading
  of Gy25 at all. Emphasis inside a `<li>` is never a heading.
* The opening sentence varies in every word but "ska behandla följande", and seven texts have none.
* Points have no official id, and the same words stand in several subjects: years 1–3 share one NO text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import blake2b
from html.parser import HTMLParser
from typing import NamedTuple

from bryggan.common.safe_html import line

_OPENING = re.compile(r"ska behandla följande", re.IGNORECASE)
# Only repeats the span, which stands in a field of its own.
_YEARS_AGAIN = re.compile(r"(?:i )?årskurs(?:erna)? \d+(?: ?[-–] ?\d+)?[.:]?", re.IGNORECASE)
_HEADINGS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"ul", "ol"})
_UNSEEN = frozenset({"script", "style"})
# Tags that part words although no space stands between them.
_PARTING = frozenset({"br", "div", "td", "th", "tr", "table", *_HEADINGS, *_LISTS})


class Point(NamedTuple):
    """A point and the heading it stands under; the heading is empty when there is none, which is common."""

    heading: str
    text: str


def normal_text(text: str) -> str:
    """`text` on one line as it is kept and compared: no soft hyphens, no NBSP, white space collapsed.

    Nothing else of the official wording is touched.
    """
    return line(text)


def split(markup: str) -> tuple[Point, ...]:
    """The points of one text of central content, in order. A nested list belongs to its parent's point."""
    splitter = _Splitter()
    splitter.feed(markup)
    splitter.close()
    splitter.finish()
    return tuple(splitter.points)


class _Splitter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.points: list[Point] = []
        self._heading = ""
        self._lists = 0
        self._unseen = 0
        # The words collected now, what they are for, and how deep the list was when an item began.
        self._words: list[str] | None = None
        self._is_item = False
        self._item_depth = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "li":
            if self._is_item and self._lists > self._item_depth:
                self._part()
            else:
                self.finish()
                self._words, self._is_item, self._item_depth = [], True, self._lists
        elif tag in _LISTS:
            if not self._is_item:
                self.finish()
            self._lists += 1
            self._part()
        elif tag in _HEADINGS and not self._is_item:
            self.finish()
            self._words = []
        elif tag in _PARTING:
            self._part()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "li":
            if self._is_item and self._lists <= self._item_depth:
                self.finish()
        elif tag in _LISTS:
            self._lists = max(0, self._lists - 1)
            self._part()
            if self._is_item and self._lists < self._item_depth:
                self.finish()
        elif tag in _HEADINGS and not self._is_item:
            self.finish()
        elif tag in _PARTING:
            self._part()

    def handle_data(self, data: str) -> None:
        if self._words is not None and not self._unseen:
            self._words.append(data)

    def _part(self) -> None:
        if self._words is not None:
            self._words.append(" ")

    def finish(self) -> None:
        """End what is being collected, also where the closing tag is missing."""
        words, was_item = self._words, self._is_item
        self._words, self._is_item = None, False
        if words is None:
            return
        text = normal_text("".join(words))
        if not text:
            return
        if was_item:
            self.points.append(Point(self._heading, text))
        elif not _OPENING.search(text) and not _YEARS_AGAIN.fullmatch(text):
            self._heading = text


def point_key(subject_code: str, part: str, kind: str, heading: str, text: str, number: int = 1) -> str:
    """16 hex digits for a point: the same after every import, as long as no word of it changes.

    `part` is the code of the course or level, or the years ("7-9"). `kind` is Skolverket's
    typeOfCentralContent. `number` tells apart identical points of one block, from 1.
    """
    parts = [subject_code, part, kind, normal_text(heading), normal_text(text)]
    if number > 1:
        parts.append(str(number))
    return _hash(*parts)


def point_keys(subject_code: str, part: str, kind: str, points: Iterable[Point]) -> list[str]:
    """The keys of one block's points, in their order. Identical points get a running number."""
    seen: Counter[Point] = Counter()
    keys = []
    for point in points:
        seen[point] += 1
        keys.append(point_key(subject_code, part, kind, point.heading, point.text, seen[point]))
    return keys


def text_group(curriculum: str, school_form: str, first_year: int | None, last_year: int | None, text: str) -> str:
    """16 hex digits that points with the same words share, within the same years or the same curriculum.

    In compulsory school the years must be the same too: a word-for-word repetition in other years is
    another point. The courses and levels of a curriculum have no years.
    """
    if first_year is not None:
        return _hash(curriculum, school_form, f"{first_year}-{last_year}", normal_text(text))
    return _hash(curriculum, school_form, "", normal_text(text))


def _hash(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


# Below this two wordings have too little in common to be called the same point.
ALIKE_ENOUGH = 0.5
# A point that was split in two is about as like one half as the other.
AS_LIKE = 0.1


@dataclass(frozen=True)
class Wording:
    """A point as seen by `successors`: its key, its place and its words."""

    key: str
    part: str
    heading: str
    text: str


def successors(ended: Sequence[Wording], begun: Sequence[Wording]) -> dict[str, list[str]]:
    """For each ended point of a subject the keys of the new points that took its place, most similar first.

    A successor stands in the same part, under the same heading if any point there is similar enough, else
    under any heading of that part. Where one point went and one came under a heading, they are a pair however
    different the words. A point with no successor is left out of the answer.
    """
    in_part: dict[str, list[Wording]] = {}
    under_heading: dict[tuple[str, str], list[Wording]] = {}
    for new in begun:
        in_part.setdefault(new.part, []).append(new)
        under_heading.setdefault((new.part, new.heading), []).append(new)
    gone = Counter((old.part, old.heading) for old in ended)
    found: dict[str, list[str]] = {}
    for old in ended:
        place = (old.part, old.heading)
        near = under_heading.get(place, [])
        keys = _most_alike(old.text, near) or _most_alike(old.text, in_part.get(old.part, []))
        if not keys and len(near) == gone[place] == 1:
            keys = [near[0].key]
        if keys:
            found[old.key] = keys
    return found


def _most_alike(text: str, candidates: Sequence[Wording]) -> list[str]:
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(_words(text))
    scored: list[tuple[float, str]] = []
    for new in candidates:
        matcher.set_seq1(_words(new.text))
        if matcher.real_quick_ratio() >= ALIKE_ENOUGH and matcher.quick_ratio() >= ALIKE_ENOUGH:
            scored.append((matcher.ratio(), new.key))
    best = max((score for score, _key in scored), default=0.0)
    if best < ALIKE_ENOUGH:
        return []
    scored.sort(key=lambda pair: -pair[0])
    return [key for score, key in scored if score >= max(ALIKE_ENOUGH, best - AS_LIKE)]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
