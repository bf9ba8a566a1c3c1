"""What an import would do, worked out without writing: the preview shows it, and taking in carries it out.

Everything is looked up beforehand, in a number of statements that does not grow with the file. Values are
compared with what stands; where a session's values are those of its last import, what people have changed since is
left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from itertools import pairwise
from typing import Any

from django.db.models import Prefetch, Q, Sum
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bryggan.fair import supply_changes, telling
from bryggan.fair.imports.import_wording import difference, occasion_difference
from bryggan.fair.imports.referring import References
from bryggan.fair.imports.remote import BadValue, Fault, Reading, RemoteOccasion, RemoteSession, RemoteVenue, digest_of
from bryggan.fair.local_times import NoSuchTime, local, moment
from bryggan.fair.models import Booking, Fair, Occasion, Session, State, Stop, Venue

MOST_OCCASIONS = 1000
# Farther apart than this, two positions of one place are told, about 100 metres.
_SAME_PLACE = 0.001
# What was never in any file: made by a person here.
BY_HAND = "hand-"
DEFAULTS: Mapping[str, Any] = {"minutes": 60}


@dataclass
class PlannedOccasion:
    """A time of the file, with its row when there is one, and the columns that differ or, for a new one, all."""

    remote: RemoteOccasion
    row: Occasion | None
    columns: dict[str, Any]
    cancels: bool = False


@dataclass
class PlannedSession:
    """A session of the file. `columns` are those that differ or, for a new one, all that the file says."""

    remote: RemoteSession
    row: Session | None
    digest: str
    columns: dict[str, Any] = field(default_factory=dict)
    many: dict[str, list[Any]] = field(default_factory=dict)
    # The key of its venue among the plan's; None leaves the venue as it is.
    venue: str | None = None
    occasions: list[PlannedOccasion] = field(default_factory=list)
    cancels: bool = False
    publishes: bool = False
    sentences: list[str] = field(default_factory=list)
    is_unchanged: bool = False

    @property
    def differs(self) -> bool:
        return bool(self.sentences)


@dataclass
class Gone:
    """What the file lacks: the whole session, or some times of it."""

    session: Session
    occasions: list[Occasion]
    is_whole: bool
    sentences: list[str]
    classes: int = 0


@dataclass
class Plan:
    fair: Fair
    reading: Reading
    sessions: list[PlannedSession] = field(default_factory=list)
    venue_rows: dict[str, Venue] = field(default_factory=dict)
    # By key: places to make, and places that lack what the file says.
    new_venues_by_key: dict[str, RemoteVenue] = field(default_factory=dict)
    filled_venues: dict[str, dict[str, Any]] = field(default_factory=dict)
    areas_of_venues: dict[str, str] = field(default_factory=dict)
    gone: list[Gone] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    classes: dict[int, int] = field(default_factory=dict)
    venues: int = 0

    @property
    def new(self) -> list[PlannedSession]:
        return [one for one in self.sessions if one.row is None]

    @property
    def changed(self) -> list[PlannedSession]:
        return [one for one in self.sessions if one.row is not None and one.differs]

    @property
    def unchanged(self) -> int:
        return len(self.sessions) - len(self.new) - len(self.changed)

    @property
    def new_venues(self) -> list[RemoteVenue]:
        return list(self.new_venues_by_key.values())

    def writes(self, *, cancel_gone: bool) -> bool:
        """False when carrying it out would change nothing."""
        return bool(self.new or self.changed or self.filled_venues or (cancel_gone and self.gone))


def planned(fair: Fair, reading: Reading, *, skip_faulty: bool = False) -> Plan:
    """Compare a reading with the fair's programme. With `skip_faulty` sessions with an error are not in the plan."""
    return _Planner(fair, reading).plan(skip_faulty=skip_faulty)


class _Planner:
    def __init__(self, fair: Fair, reading: Reading) -> None:
        self.fair, self.reading = fair, reading
        self.result = Plan(fair, reading, errors=list(reading.faults), warnings=list(reading.warnings))
        occasions = Prefetch("occasions", Occasion.objects.order_by("starts_at", "pk"))
        many = ("programmes", "subjects", "initiatives")
        rows = Session.objects.filter(fair=fair).select_related("venue", "department", "company")
        self.rows = {row.remote_id: row for row in rows.prefetch_related(occasions, *many)}
        self.refs = References(reading.sessions)
        venues = Venue.objects.filter(fair=fair).select_related("area").prefetch_related("opening_hours")
        for venue in venues:
            self.result.venue_rows.setdefault(venue_key(venue.name), venue)
        self.taken = self._taken()
        self.faulty = {fault.session_id for fault in reading.faults}

    def plan(self, *, skip_faulty: bool) -> Plan:
        result = self.result
        seen: dict[str, int] = {}
        for remote in self.reading.sessions:
            if remote.remote_id in seen:
                where = seen[remote.remote_id]
                self._error(remote, "remote_id", _("Samma id står redan på %(where)d.") % {"where": where})
                continue
            seen[remote.remote_id] = remote.row
            result.sessions.append(self._session(remote))
        if skip_faulty:
            faulty = {one.session_id for one in result.errors}
            result.sessions = [one for one in result.sessions if one.remote.remote_id not in faulty]
        used = {one.venue for one in result.sessions if one.venue}
        result.venues = len(used)
        result.new_venues_by_key = {key: one for key, one in result.new_venues_by_key.items() if key in used}
        self._find_gone(set(seen) | {one.session_id for one in self.reading.faults})
        self._count_classes()
        self._sort()
        return result

    def _session(self, remote: RemoteSession) -> PlannedSession:
        row = self.rows.get(remote.remote_id)
        one = PlannedSession(remote, row, digest_of(remote))
        if row and row.imported_hash == one.digest:
            one.is_unchanged = True
            return one
        self._check_text(remote)
        said = self._said(remote)
        one.many = self._many(remote, said)
        one.venue = self._venue(remote)
        self._check_together(remote, row, said)
        if row is None:
            one.columns = {**said, "title": remote.title}
        else:
            one.columns = self._differing(row, {**said, "title": remote.title}, one)
        self._state(remote, one)
        venue = self.result.venue_rows.get(one.venue) if one.venue else None
        self._occasions(one, {**DEFAULTS, **said}, venue or (row.venue if row else None))
        return one

    # Values

    def _check_text(self, remote: RemoteSession) -> None:
        if not remote.title:
            self._error(remote, "title", _("Rubriken saknas."))
        if len(remote.remote_id) > 120:
            self._error(remote, "remote_id", _("Id är längre än %(longest)d tecken.") % {"longest": 120})

    def _said(self, remote: RemoteSession) -> dict[str, Any]:
        """The plain columns, and department and company as rows."""
        said = {name: value for name, value in remote.columns.items() if name not in _REFERRING}
        if isinstance(said.get("booking_opens_at"), str):
            said["booking_opens_at"] = datetime.fromisoformat(said["booking_opens_at"])
        for name in ("department", "company"):
            written = remote.columns.get(name)
            if written:
                said[name] = self._referred(
                    remote, name, lambda written=written, name=name: self.refs.one(name, written)
                )
            elif written is not None:
                said[name] = None
        organiser = said.get("organiser")
        if organiser and not said.get("department") and not said.get("company"):
            said |= self.refs.organiser(organiser)
        return said

    def _many(self, remote: RemoteSession, said: Mapping[str, Any]) -> dict[str, list[Any]]:
        found = {}
        forms = tuple(said.get("school_forms") or ())
        for name in supply_changes.MANY:
            if name in remote.columns:
                texts = tuple(remote.columns[name])
                find = partial(self.refs.many, name, texts, forms)
                found[name] = self._referred(remote, name, find, []) if texts else []
        return found

    def _referred(self, remote: RemoteSession, name: str, find: Any, otherwise: Any = None) -> Any:
        try:
            return find()
        except BadValue as error:
            self._error(remote, name, str(error))
            return otherwise

    def _check_together(self, remote: RemoteSession, row: Session | None, said: Mapping[str, Any]) -> None:
        def value(name: str) -> Any:
            return said[name] if name in said else getattr(row, name, None)

        smallest, largest = value("smallest_group"), value("largest_group")
        if smallest and largest and smallest > largest:
            self._error(remote, "smallest_group", _("Den minsta gruppen är större än den största."))
        touchy = ("unit", "counts_adults", "kind")
        changed = [name for name in touchy if row and name in said and said[name] != getattr(row, name)]
        if row and changed and any(self.taken.get(occasion.pk) for occasion in row.occasions.all()):
            self._error(remote, changed[0], _("Kan inte ändras när klasser har platser."))

    def _differing(self, row: Session, said: Mapping[str, Any], one: PlannedSession) -> dict[str, Any]:
        changed = {name: value for name, value in said.items() if getattr(row, name) != value}
        for name, value in changed.items():
            one.sentences.append(difference(name, getattr(row, name), value))
        for name, rows in list(one.many.items()):
            if set(getattr(row, name).all()) == set(rows):
                del one.many[name]
            else:
                one.sentences.append(difference(name, None, None))
        before = venue_key(row.venue.name) if row.venue else None
        if one.venue == before:
            one.venue = one.venue if row.venue else None
        elif one.venue:
            after = one.remote.venue.name if one.remote.venue else ""
            one.sentences.append(difference("venue", row.venue.name if row.venue else "", after))
        return changed

    def _state(self, remote: RemoteSession, one: PlannedSession) -> None:
        if one.row is None:
            one.cancels = remote.state == State.CANCELLED
            one.columns["state"] = remote.state or State.PUBLISHED.value
        elif remote.state == State.CANCELLED:
            one.cancels = one.row.state != State.CANCELLED
            if one.cancels:
                one.sentences.append(_("Ställs in."))
        elif one.row.state == State.CANCELLED:
            self._warn(remote, "state", _("Är inställd här och förblir det. Öppna den igen på dess egen sida."))
        elif one.row.state == State.DRAFT and remote.state == State.PUBLISHED:
            one.publishes = True
            one.sentences.append(_("Publiceras."))
        elif remote.state == State.DRAFT and one.row.state != State.DRAFT:
            self._warn(remote, "state", _("Är redan publicerad och blir inte utkast igen."))

    # Places

    def _venue(self, remote: RemoteSession) -> str | None:
        venue = remote.venue
        if venue is None or not venue.name:
            return None
        if len(venue.name) > 160:
            self._error(remote, "venue", _("Platsens namn är längre än %(longest)d tecken.") % {"longest": 160})
            return None
        key = venue_key(venue.name)
        if not key:
            self._error(remote, "venue", _("Platsens namn behöver bokstäver eller siffror."))
            return None
        if (venue.latitude is None) != (venue.longitude is None):
            self._error(remote, "latitude", _("Både latitud och longitud behövs, eller ingen."))
            return key
        row = self.result.venue_rows.get(key)
        if row is None:
            self._new_venue(remote, key, venue)
        else:
            self._known_venue(remote, key, row, venue)
        return key

    def _new_venue(self, remote: RemoteSession, key: str, venue: RemoteVenue) -> None:
        before = self.result.new_venues_by_key.get(key)
        if before is None:
            self.result.new_venues_by_key[key] = venue
            if venue.latitude is None:
                self._warn(remote, "venue", _("Platsen har inget läge. Vi kan inte räkna ut promenaden dit."))
            return
        # What a later row adds to the same place.
        self.result.new_venues_by_key[key] = RemoteVenue(
            before.name,
            before.area or venue.area,
            before.address or venue.address,
            venue.latitude if before.latitude is None else before.latitude,
            venue.longitude if before.longitude is None else before.longitude,
        )

    def _known_venue(self, remote: RemoteSession, key: str, row: Venue, venue: RemoteVenue) -> None:
        filled = self.result.filled_venues.get(key, {})
        if venue.latitude is not None and venue.longitude is not None:
            if row.position is None:
                filled |= {"latitude": venue.latitude, "longitude": venue.longitude}
            elif max(abs(row.position[0] - venue.latitude), abs(row.position[1] - venue.longitude)) > _SAME_PLACE:
                self._warn(remote, "latitude", _("Platsen har redan ett annat läge. Det som står här används inte."))
        elif row.position is None and "latitude" not in filled:
            self._warn(remote, "venue", _("Platsen har inget läge. Vi kan inte räkna ut promenaden dit."))
        if venue.address and not row.address:
            filled |= {"address": venue.address[:200]}
        if filled:
            self.result.filled_venues[key] = filled

    # Times

    def _occasions(self, one: PlannedSession, said: Mapping[str, Any], venue: Venue | None) -> None:
        remote, row = one.remote, one.row
        rows = {occasion.remote_id: occasion for occasion in row.occasions.all()} if row else {}
        if not remote.occasions and not one.cancels and not rows and remote.remote_id not in self.faulty:
            self._error(remote, "starts_at", _("Programpunkten har ingen tid."))
        if len(remote.occasions) > MOST_OCCASIONS:
            self._error(remote, "starts_at", _("Fler än %(most)d tider.") % {"most": MOST_OCCASIONS})
            return
        seen: set[str] = set()
        given: list[tuple[datetime, datetime, RemoteOccasion]] = []
        for occasion in remote.occasions:
            if occasion.remote_id in seen:
                self._error(remote, "occasion_id", _("Samma tid står två gånger."), occasion)
                continue
            seen.add(occasion.remote_id)
            times = self._times(remote, occasion, venue)
            if times is None or not self._times_hold(one, said, occasion, times):
                continue
            if not occasion.is_cancelled:
                given.append((*times, occasion))
            self._occasion(one, said, occasion, rows.get(occasion.remote_id), times)
        given.sort(key=lambda each: each[:2])
        for (_start, ends, _first), (starts, _end, second) in pairwise(given):
            if starts < ends:
                self._warn(remote, "starts_at", _("Börjar innan tiden före har slutat."), second)

    def _times(
        self, remote: RemoteSession, occasion: RemoteOccasion, venue: Venue | None
    ) -> tuple[datetime, datetime] | None:
        if occasion.starts_at and occasion.ends_at:
            return occasion.starts_at.astimezone(UTC), occasion.ends_at.astimezone(UTC)
        hours = self._opening(venue, occasion.all_day) if venue and occasion.all_day else None
        if hours is None:
            message = _("Hela dagen, utan klockslag, och platsens öppettider är inte kända.")
            self._error(remote, "starts_at", message, occasion)
        return hours

    def _opening(self, venue: Venue, day: date) -> tuple[datetime, datetime] | None:
        for hours in venue.opening_hours.all():
            if hours.first_on <= day <= hours.last_on and (not hours.weekdays or day.weekday() in hours.weekdays):
                try:
                    return moment(day, hours.opens), moment(day, hours.closes)
                except NoSuchTime:
                    return None
        return None

    def _times_hold(
        self,
        one: PlannedSession,
        said: Mapping[str, Any],
        occasion: RemoteOccasion,
        times: tuple[datetime, datetime],
    ) -> bool:
        row = one.row
        kind = said.get("kind") or (row.kind if row else Session.Kind.FIXED.value)
        minutes = said.get("minutes") or (row.minutes if row else 1)
        try:
            supply_changes.check_times(Session(fair=self.fair, kind=kind, minutes=minutes), *times)
        except supply_changes.EndsBeforeStart:
            name, message = "ends_at", _("Slutar innan den börjar, eller samtidigt.")
        except supply_changes.TooLong:
            name, message = "ends_at", _("Längre än ett dygn. Skriv en tid för varje dag.")
        except supply_changes.ShorterThanVisit:
            name, message = "ends_at", _("Öppet kortare tid än ett besök tar.")
        except supply_changes.OutsideFair:
            name = "starts_at"
            message = _("Dagen %(day)s hör inte till mässan.") % {"day": local(times[0]).date().isoformat()}
        else:
            return True
        self._error(one.remote, name, message, occasion)
        return False

    def _occasion(
        self,
        one: PlannedSession,
        said: Mapping[str, Any],
        occasion: RemoteOccasion,
        row: Occasion | None,
        times: tuple[datetime, datetime],
    ) -> None:
        columns: dict[str, Any] = {"starts_at": times[0], "ends_at": times[1], **occasion.columns}
        if columns.get("capacity") is None and ("capacity" in columns or row is None):
            columns["capacity"] = said.get("capacity", one.row.capacity if one.row else None)
        if row is None:
            one.occasions.append(PlannedOccasion(occasion, None, columns, cancels=occasion.is_cancelled))
            if one.row:
                one.sentences.append(_("Ny tid: %(when)s.") % {"when": telling.when_text(*times)})
            return
        changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
        cancels = occasion.is_cancelled and row.cancelled_at is None
        if row.cancelled_at is not None and not occasion.is_cancelled:
            self._warn(one.remote, "state", _("Tiden är inställd här och förblir det."), occasion)
            changed = {}
        if "capacity" in changed and changed["capacity"] is not None:
            taken = self.taken.get(row.pk, 0)
            if taken > changed["capacity"]:
                message = _("Färre platser än de %(taken)d som klasser redan har.") % {"taken": taken}
                self._error(one.remote, "capacity", message, occasion)
        if changed or cancels:
            one.occasions.append(PlannedOccasion(occasion, row, changed, cancels=cancels))
            one.sentences.append(occasion_difference(row, changed, cancels=cancels))

    # Around it

    def _taken(self) -> dict[int, int]:
        counting = Booking.objects.counting().filter(occasion__session__fair=self.fair).order_by()
        return dict(counting.values_list("occasion").annotate(sum=Sum("seats")))

    def _find_gone(self, seen: set[str]) -> None:
        for row in self.rows.values():
            if row.origin != self.reading.format or row.state == State.CANCELLED:
                continue
            left = [occasion for occasion in row.occasions.all() if occasion.cancelled_at is None]
            if row.remote_id not in seen:
                self.result.gone.append(Gone(row, left, True, [_("Finns inte i filen.")]))
        for one in self.result.sessions:
            if one.row is None or one.row.state == State.CANCELLED or one.cancels:
                continue
            known = {occasion.remote_id for occasion in one.remote.occasions}
            lost = [
                occasion
                for occasion in one.row.occasions.all()
                if occasion.cancelled_at is None
                and occasion.remote_id not in known
                and not occasion.remote_id.startswith(BY_HAND)
            ]
            if lost and one.row.origin != "by hand":
                told = [
                    _("Tiden finns inte i filen: %(when)s.")
                    % {"when": telling.when_text(occasion.starts_at, occasion.ends_at)}
                    for occasion in lost
                ]
                self.result.gone.append(Gone(one.row, lost, False, told))

    def _count_classes(self) -> None:
        """How many classes have each changed or vanished session in a programme."""
        sessions = {one.row.pk for one in self.result.changed if one.row} | {
            one.session.pk for one in self.result.gone
        }
        if not sessions:
            return
        kept = Stop.objects.kept().filter(Q(occasion__session__fair=self.fair))
        kept = kept.filter(itinerary__archived_at__isnull=True)
        classes: dict[int, set[int]] = defaultdict(set)
        for session, school_class in kept.values_list("occasion__session", "itinerary__school_class"):
            if session in sessions:
                classes[session].add(school_class)
        self.result.classes = {session: len(found) for session, found in classes.items()}
        for one in self.result.gone:
            one.classes = self.result.classes.get(one.session.pk, 0)

    def _sort(self) -> None:
        self.result.errors.sort(key=lambda one: (one.row, one.column))
        self.result.warnings = list(dict.fromkeys(sorted(self.result.warnings, key=lambda one: (one.row, one.column))))

    def _error(self, remote: RemoteSession, name: str, message: str, occasion: RemoteOccasion | None = None) -> None:
        self.result.errors.append(self._fault(remote, name, message, occasion))

    def _warn(self, remote: RemoteSession, name: str, message: str, occasion: RemoteOccasion | None = None) -> None:
        self.result.warnings.append(self._fault(remote, name, message, occasion))

    def _fault(self, remote: RemoteSession, name: str, message: str, occasion: RemoteOccasion | None) -> Fault:
        row = occasion.row if occasion else remote.rows.get(name, remote.row)
        return Fault(row, self.reading.names.get(name, ""), message, remote.remote_id)


_REFERRING = (*supply_changes.MANY, "department", "company")


def venue_key(name: str) -> str:
    """What two spellings of one place's name share."""
    return slugify(name)[:80].strip("-_")
