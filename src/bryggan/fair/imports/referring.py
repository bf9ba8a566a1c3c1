"""Names in a file turned into our rows: subjects, programmes, initiatives, departments, companies.

All that a file may mean is read at once, in five statements, whatever the number of rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from bryggan.accounts.models import Company, Department
from bryggan.curriculum.models import Programme, Subject
from bryggan.fair.imports.remote import BadValue, RemoteSession
from bryggan.initiatives.models import Initiative

_ADDRESS = re.compile(r"(?:\S*/initiativ/|#)?(\d{1,9})(?:-\S*)?")


class References:
    """What the sessions of one file may point to."""

    def __init__(self, sessions: Iterable[RemoteSession]) -> None:
        named: dict[str, set[str]] = defaultdict(set)
        for session in sessions:
            for name in ("subjects", "programmes", "initiatives"):
                named[name] |= set(session.columns.get(name) or ())
            for name in ("department", "company", "organiser"):
                if session.columns.get(name):
                    named[name].add(session.columns[name])
        self._subjects = list(Subject.objects.current()) if named["subjects"] else []
        self._programmes = list(Programme.objects.filter(ended_at=None)) if named["programmes"] else []
        self._initiatives = self._initiatives_named(named["initiatives"])
        asks = named["department"] | named["organiser"]
        self._departments = _by_name(Department.objects.all()) if asks else {}
        asks = named["company"] | named["organiser"]
        self._companies = _by_name(Company.objects.approved()) if asks else {}
        self._found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Any]] = {}

    def many(self, name: str, texts: tuple[str, ...], forms: tuple[str, ...]) -> list[Any]:
        """The rows that `texts` mean, each once. Raises BadValue with a sentence."""
        key = (name, texts, forms)
        if key not in self._found:
            finders: dict[str, Callable[[str, Sequence[str]], Sequence[Any]]] = {
                "subjects": self._subjects_like,
                "programmes": self._programmes_like,
            }
            find = finders.get(name)
            rows: list[Any] = []
            for text in texts:
                rows += find(text, forms) if find else [self._initiative(text)]
            self._found[key] = list(dict.fromkeys(rows))
        return self._found[key]

    def one(self, name: str, text: str) -> Any:
        """The department or company. Raises BadValue with a sentence."""
        known = self._departments if name == "department" else self._companies
        row = known.get(text.casefold())
        if row is None:
            if name == "department":
                raise BadValue(_("Förvaltningen ”%(name)s” finns inte här.") % {"name": text[:80]})
            raise BadValue(_("Företaget ”%(name)s” finns inte här, eller är inte godkänt.") % {"name": text[:80]})
        return row

    def organiser(self, text: str) -> dict[str, Any]:
        """The department or company of that name, when there is one."""
        if row := self._departments.get(text.casefold()):
            return {"department": row}
        if row := self._companies.get(text.casefold()):
            return {"company": row}
        return {}

    def _subjects_like(self, text: str, forms: Sequence[str]) -> list[Subject]:
        words = text.casefold()
        found = [row for row in self._subjects if row.code.casefold() == words]
        if not found:
            found = [
                row
                for row in self._subjects
                if row.name.casefold() == words and (not forms or row.school_form in forms)
            ]
        if not found:
            raise BadValue(_("Ämnet ”%(name)s” finns inte för de skolformerna.") % {"name": text[:80]})
        return found

    def _programmes_like(self, text: str, _forms: Sequence[str]) -> list[Programme]:
        words = text.casefold()
        found = [row for row in self._programmes if words in (row.code.casefold(), row.name.casefold())]
        if not found:
            raise BadValue(_("Gymnasieprogrammet ”%(name)s” finns inte.") % {"name": text[:80]})
        return found

    def _initiatives_named(self, texts: set[str]) -> dict[str, list[Initiative]]:
        found: dict[str, list[Initiative]] = defaultdict(list)
        if not texts:
            return found
        rows = Initiative.objects.published().only("pk", "remote_id", "title")
        numbers = {int(match[1]) for text in texts if (match := _ADDRESS.fullmatch(text))}
        wanted = rows.filter(pk__in=numbers) | rows.filter(remote_id__in=texts) | rows.filter(title__in=texts)
        for row in wanted:
            for key in {f"#{row.pk}", row.remote_id, row.title.casefold()}:
                found[key].append(row)
        return found

    def _initiative(self, text: str) -> Initiative:
        match = _ADDRESS.fullmatch(text)
        found = self._initiatives.get(f"#{match[1]}" if match else text) or self._initiatives.get(text.casefold())
        if not found:
            raise BadValue(_("Initiativet ”%(name)s” finns inte här.") % {"name": text[:80]})
        if len(found) > 1:
            raise BadValue(_("Flera initiativ heter ”%(name)s”. Skriv dess nummer.") % {"name": text[:80]})
        return found[0]


def _by_name(rows: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        found.setdefault(row.slug.casefold(), row)
        found[row.name.casefold()] = row
    return found
