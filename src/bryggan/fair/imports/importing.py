"""A fair's programme from a file or an address: read, looked over, and then taken in whole or not at all.

    reading = importing.read(data, fair=fair)                 # CSV, XLSX, iCalendar or schema.org Event JSON
    seen = importing.preview(fair, reading)                   # what would change, and every error; writes nothing
    importing.take_in(fair, reading, by=editor)               # raises HasErrors unless seen.errors is empty

A session is known again by its id, within the fair, and a time by its id within the session. A second import of the
same file writes nothing. What has vanished from a file is shown as gone, and cancelled only when asked.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.common.fetching import Fetcher, FetchError
from bryggan.fair import permissions
from bryggan.fair.imports import event_json, icalendar_feed, spreadsheet
from bryggan.fair.imports.planned_import import Plan, planned
from bryggan.fair.imports.remote import Fault, NotReadable, Reading
from bryggan.fair.imports.taking_in import carry_out
from bryggan.fair.models import Fair
from bryggan.fair.supply import NotAllowed
from bryggan.fair.supply_changes import FewerSeatsThanTaken, HasBookings

LARGEST_FILE = 5 * 1024 * 1024
# What a packed reading may weigh: well within what a form may hold.
LARGEST_PACK = 1024 * 1024
PACK_LIVES = 24 * 3600
_SALT = "bryggan.fair-import"


class HasErrors(Exception):
    """Something in the file is wrong, and nothing was changed. `preview` holds every error."""

    def __init__(self, preview: Preview) -> None:
        super().__init__(f"{len(preview.errors)} errors")
        self.preview = preview


@dataclass(frozen=True)
class Line:
    """One session in a preview. `changes` are sentences; `classes` is how many classes have it in a programme."""

    remote_id: str
    title: str
    changes: tuple[str, ...] = ()
    classes: int = 0
    session_pk: int | None = None


@dataclass(frozen=True)
class Preview:
    """What an import would change. Whatever the number of rows, it is the whole list: who shows it cuts it."""

    format: str
    created: tuple[Line, ...] = ()
    updated: tuple[Line, ...] = ()
    unchanged: int = 0
    # Ours from the same kind of source that the file lacks: sessions, and times of sessions that it has.
    gone: tuple[Line, ...] = ()
    new_venues: tuple[str, ...] = ()
    errors: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Outcome:
    """What an import did. Sessions are counted in created, updated, unchanged and cancelled."""

    format: str
    sessions: int
    occasions: int
    venues: int
    created: int
    updated: int
    unchanged: int
    cancelled: int
    errors: tuple[Fault, ...] = ()


def read(data: bytes, *, fair: Fair) -> Reading:
    """The programme in a file, told apart by its content. Raises NotReadable, with a sentence for the person."""
    if len(data) > LARGEST_FILE:
        raise NotReadable(_("Filen är större än 5 MB."))
    days = (fair.first_on, fair.last_on)
    if data.startswith(b"PK\x03\x04"):
        return spreadsheet.read_xlsx(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotReadable(_("Det är en Excel-fil av äldre slag. Spara den som .xlsx eller .csv och försök igen."))
    start = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise NotReadable(_("Filen är tom."))
    if start[:15].upper() == b"BEGIN:VCALENDAR":
        return icalendar_feed.read(data, days)
    if start[:1] in (b"{", b"["):
        return event_json.read(data, days)
    if start[:1] == b"<":
        raise NotReadable(_("Det är en webbsida. Ange adressen till själva filen: en tabell, en kalender eller JSON."))
    return spreadsheet.read_csv(data)


def fetch(address: str, *, trusts_host: bool = False) -> bytes:
    """What a web address answers, at most LARGEST_FILE. Raises FetchError, BadAddress for a private address.

    With `trusts_host` the address's own host may be private: for those who can run commands here anyway.
    """
    if address.lower().startswith(("webcal://", "webcals://")):
        address = "https://" + address.partition("://")[2]
    private = frozenset({urlsplit(address).hostname or ""}) if trusts_host else frozenset()
    with Fetcher(private_hosts=private, largest_body=LARGEST_FILE, tries=2, read_seconds=30) as fetcher:
        answer = fetcher.get(address)
    if answer.status != 200:
        raise FetchError(address, f"status {answer.status}")
    return answer.body


def preview(fair: Fair, reading: Reading, *, skip_faulty: bool = False) -> Preview:
    """What `take_in` would change. Writes nothing."""
    return _preview(planned(fair, reading, skip_faulty=skip_faulty))


@transaction.atomic
def take_in(
    fair: Fair, reading: Reading, *, by: User | str, cancel_gone: bool = False, skip_faulty: bool = False
) -> Outcome:
    """Let the fair's programme be as the file says, all of it or nothing.

    Raises HasErrors; with `skip_faulty` sessions with an error in any row are left out whole instead. With
    `cancel_gone` what the file lacks is cancelled. Every programme with a changed time hears of it, in one letter.
    Raises NotAllowed for a person who may not import.
    """
    if isinstance(by, User) and not permissions.may_import(by):
        raise NotAllowed
    # Two imports of one fair come one after the other, and the second sees what the first did.
    fair = Fair.objects.select_for_update().get(pk=fair.pk)
    plan = planned(fair, reading, skip_faulty=skip_faulty)
    if plan.errors and not skip_faulty:
        raise HasErrors(_preview(plan))
    outcome = _outcome(plan, cancel_gone=cancel_gone)
    if not plan.writes(cancel_gone=cancel_gone):
        return outcome
    entry = audit.record(
        by,
        "imported a fair programme",
        fair,
        **{name: getattr(outcome, name) for name in ("format", "created", "updated", "unchanged", "cancelled")},
    )
    try:
        carry_out(plan, by=by, entry=entry, cancel_gone=cancel_gone)
    except (FewerSeatsThanTaken, HasBookings) as error:
        # Somebody took a seat between the look and the lock.
        fault = Fault(0, "", _("Någon bokade platser medan filen lästes in. Försök igen."))
        raise HasErrors(dataclasses.replace(_preview(plan), errors=(fault,))) from error
    return outcome


def pack(reading: Reading) -> str:
    """A reading as signed text for a hidden field, so that a preview's button needs no second upload.

    Empty when it would be too large for a form: then the file is asked for again. See `unpack`.
    """
    packed = urlsafe_b64encode(zlib.compress(msgspec.json.encode(reading), 9)).decode()
    return signing.TimestampSigner(salt=_SALT).sign(packed) if len(packed) <= LARGEST_PACK else ""


def unpack(text: str) -> Reading:
    """The reading that `pack` wrote. Raises NotReadable when the text is not ours, or is older than a day."""
    try:
        packed = signing.TimestampSigner(salt=_SALT).unsign(text, max_age=PACK_LIVES)
        return msgspec.json.decode(zlib.decompress(urlsafe_b64decode(packed)), type=Reading)
    except (signing.BadSignature, ValueError, zlib.error, msgspec.DecodeError) as error:
        raise NotReadable(_("Förhandsvisningen är för gammal. Välj filen igen.")) from error


def _preview(plan: Plan) -> Preview:
    return Preview(
        format=plan.reading.format,
        created=tuple(Line(one.remote.remote_id, one.remote.title) for one in plan.new),
        updated=tuple(
            Line(
                one.remote.remote_id,
                one.row.title,
                tuple(one.sentences),
                classes=plan.classes.get(one.row.pk, 0),
                session_pk=one.row.pk,
            )
            for one in plan.changed
            if one.row
        ),
        unchanged=plan.unchanged,
        gone=tuple(
            Line(one.session.remote_id, one.session.title, tuple(one.sentences), one.classes, one.session.pk)
            for one in plan.gone
        ),
        new_venues=tuple(one.name for one in plan.new_venues),
        errors=tuple(plan.errors),
        warnings=tuple(plan.warnings),
        rows=plan.reading.rows,
    )


def _outcome(plan: Plan, *, cancel_gone: bool) -> Outcome:
    taken = plan.sessions
    cancelled = sum(one.cancels for one in taken)
    if cancel_gone:
        cancelled += sum(one.is_whole for one in plan.gone)
    return Outcome(
        format=plan.reading.format,
        sessions=len(taken),
        occasions=sum(len(one.remote.occasions) for one in taken),
        venues=plan.venues,
        created=len(plan.new),
        updated=len(plan.changed),
        unchanged=plan.unchanged,
        cancelled=cancelled,
        errors=tuple(plan.errors),
    )


def refused(seen: Preview, reading: Reading) -> Outcome:
    """What an import that changed nothing has to say."""
    return Outcome(
        format=reading.format,
        sessions=len(reading.sessions),
        occasions=sum(len(one.occasions) for one in reading.sessions),
        venues=len({one.venue.name for one in reading.sessions if one.venue}),
        created=0,
        updated=0,
        unchanged=0,
        cancelled=0,
        errors=seen.errors,
    )


def would_be(seen: Preview, reading: Reading) -> Outcome:
    """What an import would do, by its preview."""
    return dataclasses.replace(
        refused(seen, reading), created=len(seen.created), updated=len(seen.updated), unchanged=seen.unchanged
    )


def as_json(outcome: Outcome) -> str:
    """The outcome as the command prints it: one object."""
    told = dataclasses.asdict(outcome)
    told["errors"] = [{"row": one.row, "column": one.column, "message": one.message} for one in outcome.errors]
    return json.dumps(told, ensure_ascii=False)
