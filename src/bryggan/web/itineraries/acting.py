"""What a teacher changes in a programme: one address for the programme and its days, one for a stop.

A form says what it wants in `do`; each deed calls one action and says what happened. What would give back seats asks
first; what somebody changed meanwhile is shown as it is now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from bryggan.fair.local_times import NoSuchTime, clock_text, local, moment
from bryggan.fair.models import Itinerary, Occasion, Session, Stop
from bryggan.fair.programmes import itineraries, moving, preparing, programme_seats, stops
from bryggan.fair.programmes.changing import CannotBe, ChangedMeanwhile, HasSeats, NoSuchStop, PutAway
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.seating.seats import SeatsRefused
from bryggan.initiatives.models import Initiative
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries.common import (
    day_of,
    day_text,
    frame_from,
    number_in,
    own_itinerary,
    read_clock,
    read_moment,
)
from bryggan.web.itineraries.making import tell_what_fell_away
from bryggan.web.itineraries.pages import day_page, itinerary_page
from bryggan.web.itineraries.showing import title_of as _title

Deed = Callable[[HttpRequest, Itinerary], str | None]
StopDeed = Callable[[HttpRequest, Stop], str | None]


class NotUnderstood(Exception):
    """The form holds something that no form of ours has; `told` says what to do."""

    def __init__(self, told: str = "") -> None:
        super().__init__(told)
        self.told = told or _("Något i formuläret gick inte att läsa. Försök igen.")


@teachers_only
@require_POST
def change_itinerary(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme as a whole, or one of its days."""
    itinerary = own_itinerary(request, pk)
    deed = DEEDS.get(request.POST.get("do", ""))
    if deed is None:
        return _refused(request, itinerary, NotUnderstood().told)
    return _done(request, itinerary, lambda: deed(request, itinerary), _("Programmet"), "")


@teachers_only
@require_POST
def change_stop(request: HttpRequest, pk: int, stop_pk: int) -> HttpResponse:
    """One stop."""
    itinerary = own_itinerary(request, pk)
    stop = get_object_or_404(itinerary.stops.select_related("occasion__session", "itinerary"), pk=stop_pk)
    stop.itinerary = itinerary
    deed = STOP_DEEDS.get(request.POST.get("do", ""))
    if deed is None:
        return _refused(request, itinerary, NotUnderstood().told)
    return _done(request, itinerary, lambda: deed(request, stop), _title(stop), f"stopp-{stop.uid}")


def _done(
    request: HttpRequest, itinerary: Itinerary, do: Callable[[], str | None], what: str, anchor: str
) -> HttpResponse:
    try:
        told = do()
    except HasSeats as asked:
        return _ask_about_seats(request, itinerary, asked)
    except ChangedMeanwhile:
        messages.warning(request, _("Någon ändrade programmet under tiden. Så här är det nu. Försök igen."))
    except NoSuchStop:
        messages.info(request, _("Stoppet finns inte längre i programmet."))
    except PutAway:
        messages.error(request, _("Programmet är undanlagt och kan inte ändras."))
    except NotUnderstood as refusal:
        return _refused(request, itinerary, refusal.told)
    except CannotBe as refusal:
        return _refused(request, itinerary, f"{what}: {refusal.reason}")
    except SeatsRefused as refusal:
        return _refused(request, itinerary, f"{what}: {programme_seats.reason_of_refusal(refusal)}")
    else:
        if told:
            # Told beside the stop, where the eye is and the focus goes.
            messages.success(request, told, extra_tags=anchor)
    return redirect(_address(itinerary, anchor))


def _address(itinerary: Itinerary, anchor: str) -> str:
    if itinerary.archived_at:
        return reverse("itineraries")
    return itinerary.get_absolute_url() + (f"#{anchor}" if anchor else "")


def _refused(request: HttpRequest, itinerary: Itinerary, told: str) -> HttpResponse:
    """The page again with why not and what was typed, as an answer that says so to programs too."""
    messages.error(request, told)
    do = request.POST.get("do")
    day = day_of(itinerary, request.POST.get("on")) if do in ("frame", "own block") else None
    if day is None:
        return itinerary_page(request, itinerary, status=422)
    if do == "frame":
        frame, _understood = frame_from(request.POST, Frame.of(day))
        return day_page(request, itinerary, frame, status=422)
    return day_page(request, itinerary, Frame.of(day), request.POST.dict(), status=422)


def _ask_about_seats(request: HttpRequest, itinerary: Itinerary, asked: HasSeats) -> HttpResponse:
    """The same form once more, with a yes to giving the seats back."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "release_seats")
        for value in values
    ]
    touched = itinerary.stops.filter(pk__in=asked.stops).select_related("occasion__session")
    context = {"itinerary": itinerary, "stops": touched, "fields": fields, "action": request.path}
    return render(request, "itineraries/release.html", context)


def _releases(request: HttpRequest) -> bool:
    return request.POST.get("release_seats") == "1"


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _day(request: HttpRequest, itinerary: Itinerary) -> Frame:
    """The frame of the day that the form is about."""
    day = day_of(itinerary, request.POST.get("on"))
    if day is None:
        raise NotUnderstood(_("Programmet har inte den dagen."))
    return Frame.of(day)


# ------------------------------------------------------------------------------------------ the whole and its days


def _rename(request: HttpRequest, itinerary: Itinerary) -> str:
    name = request.POST.get("name", "").strip()
    if not name:
        raise NotUnderstood(_("Skriv ett namn på programmet."))
    itineraries.rename(itinerary, name, by=person(request))
    return _("Namnet är ändrat.")


def _archive(request: HttpRequest, itinerary: Itinerary) -> str:
    itineraries.archive(itinerary, by=person(request), release_seats=_releases(request))
    itinerary.refresh_from_db(fields=["archived_at"])
    return _("Programmet är undanlagt.")


def _show(request: HttpRequest, itinerary: Itinerary) -> str:
    shown = request.POST.get("shown") == "1"
    itineraries.show_to_colleagues(itinerary, shown, by=person(request))
    return (
        _("Kollegor på skolan kan se och kopiera programmet.") if shown else _("Programmet visas inte för kollegor.")
    )


def _undo(request: HttpRequest, itinerary: Itinerary) -> str:
    undone = itineraries.undo(
        itinerary, by=person(request), version=_version(request), release_seats=_releases(request)
    )
    if undone is None:
        return _("Det finns inget att ångra.")
    told = _("Ångrat.")
    if undone.came_back:
        told += " " + _("Platser måste bokas på nytt.")
    return told


def _plan_again(request: HttpRequest, itinerary: Itinerary) -> str:
    frame = _day(request, itinerary)
    made = itineraries.plan_again(
        itinerary, frame.on, by=person(request), version=_version(request), release_seats=_releases(request)
    )
    tell_what_fell_away(request, made)
    return _("%(day)s är planerad på nytt. Det ni har låst eller bokat är kvar.") % {"day": day_text(frame.on)}


def _frame(request: HttpRequest, itinerary: Itinerary) -> str:
    frame, understood = frame_from(request.POST, _day(request, itinerary))
    if not understood:
        raise NotUnderstood(_("Tiderna går inte att läsa. Skriv till exempel 9.30."))
    itineraries.change_frame(itinerary, frame, by=person(request), version=_version(request))
    return _("Ramarna för dagen är ändrade.")


def _remove_day(request: HttpRequest, itinerary: Itinerary) -> str:
    frame = _day(request, itinerary)
    itineraries.remove_day(itinerary, frame.on, by=person(request), release_seats=_releases(request))
    return _("%(day)s är borttagen ur programmet.") % {"day": day_text(frame.on)}


def _own_block(request: HttpRequest, itinerary: Itinerary) -> str:
    frame = _day(request, itinerary)
    begins, ends = read_clock(request.POST.get("begins")), read_clock(request.POST.get("ends"))
    title = request.POST.get("title", "").strip()
    is_lunch = request.POST.get("is_lunch") == "1"
    if begins is None or ends is None or not (title or is_lunch):
        raise NotUnderstood(_("Skriv vad ni gör och när det börjar och slutar, till exempel 10.00 och 10.40."))
    try:
        starts_at, ends_at = moment(frame.on, begins), moment(frame.on, ends)
    except NoSuchTime as error:
        raise NotUnderstood(_("Den tiden finns inte den dagen: klockan ställs om.")) from error
    stops.add_own_block(itinerary, starts_at, ends_at, title=title, is_lunch=is_lunch, by=person(request))
    return _("Tillagt. Planera om dagen om något krockar.")


def _book_all(request: HttpRequest, itinerary: Itinerary) -> str | None:
    """Hold first: the minutes are shown, and the second press books."""
    if request.POST.get("sure") == "1":
        results = programme_seats.book_seats(itinerary, by=person(request))
    else:
        results = programme_seats.hold_seats(itinerary, by=person(request))
    return _tell_results(request, results)


def _tell_results(request: HttpRequest, results: list[programme_seats.SeatResult]) -> str | None:
    counted = {state: [one for one in results if one.state == state] for state in ("held", "booked", "waiting")}
    for one in results:
        if one.state == "refused" and one.reason:
            hint = " " + _("Ni kan ställa er i kö.") if one.can_wait else ""
            messages.warning(request, f"{_title(one.stop)}: {one.reason}{hint}")
    told = []
    if counted["held"]:
        until = min(one.held_until for one in counted["held"] if one.held_until)
        number = len(counted["held"])
        text = ngettext(
            "Platser hålls på ett ställe till %(time)s. Bekräfta innan dess.",
            "Platser hålls på %(n)d ställen till %(time)s. Bekräfta innan dess.",
            number,
        )
        told.append(text % {"n": number, "time": clock_text(until)})
    if counted["booked"]:
        number = len(counted["booked"])
        told.append(ngettext("Bokat på ett ställe.", "Bokat på %(n)d ställen.", number) % {"n": number})
    if counted["waiting"]:
        number = len(counted["waiting"])
        told.append(ngettext("Ni står i kö på ett ställe.", "Ni står i kö på %(n)d ställen.", number) % {"n": number})
    if not results:
        told.append(_("Det finns inget att boka i programmet."))
    return " ".join(told) or None


def _exclude(request: HttpRequest, itinerary: Itinerary) -> str:
    session = Session.objects.filter(fair=itinerary.fair_id, pk=number_in(request.POST.get("session"))).first()
    if session is None:
        raise NotUnderstood
    itineraries.exclude_session(itinerary, session, by=person(request), release_seats=_releases(request))
    return _("”%(title)s” föreslås inte igen.") % {"title": session.title}


def _include(request: HttpRequest, itinerary: Itinerary) -> str:
    session = itinerary.excluded.filter(pk=number_in(request.POST.get("session"))).first()
    if session is None:
        raise NotUnderstood
    itineraries.include_session(itinerary, session, by=person(request))
    return _("”%(title)s” kan föreslås igen.") % {"title": session.title}


def _take_out(request: HttpRequest, itinerary: Itinerary) -> str:
    itineraries.take_out_again(itinerary, by=person(request))
    return _("Programmet är framme igen.")


def _prepare(request: HttpRequest, itinerary: Itinerary) -> str:
    initiative = Initiative.objects.published().filter(pk=number_in(request.POST.get("initiative"))).first()
    if initiative is None or request.POST.get("phase") not in ("before", "after"):
        raise NotUnderstood
    preparing.add_preparation(itinerary, initiative, request.POST["phase"], by=person(request))
    return _("”%(title)s” är tillagt.") % {"title": initiative.title}


def _unprepare(request: HttpRequest, itinerary: Itinerary) -> str:
    initiative = Initiative.objects.filter(pk=number_in(request.POST.get("initiative"))).first()
    if initiative is None or request.POST.get("phase") not in ("before", "after"):
        raise NotUnderstood
    preparing.remove_preparation(itinerary, initiative, request.POST["phase"], by=person(request))
    return _("”%(title)s” är borttaget.") % {"title": initiative.title}


DEEDS: dict[str, Deed] = {
    "rename": _rename,
    "archive": _archive,
    "show": _show,
    "undo": _undo,
    "plan again": _plan_again,
    "frame": _frame,
    "remove day": _remove_day,
    "own block": _own_block,
    "book": _book_all,
    "exclude": _exclude,
    "include": _include,
    "take out": _take_out,
    "prepare": _prepare,
    "unprepare": _unprepare,
}


# ------------------------------------------------------------------------------------------ one stop


def _remove(request: HttpRequest, stop: Stop) -> str:
    stops.remove_stop(stop, by=person(request), release_seats=_releases(request))
    return _("”%(what)s” är borttaget. Ångra högst upp på sidan.") % {"what": _title(stop)}


def _lock(request: HttpRequest, stop: Stop) -> str:
    stops.lock(stop, by=person(request))
    return _("”%(what)s” är låst och ligger kvar när dagen planeras om.") % {"what": _title(stop)}


def _unlock(request: HttpRequest, stop: Stop) -> str:
    stops.unlock(stop, by=person(request))
    return _("”%(what)s” är inte längre låst.") % {"what": _title(stop)}


def _wish(request: HttpRequest, stop: Stop) -> str:
    wish = request.POST.get("wish", "")
    if wish not in Stop.Wish.values:
        raise NotUnderstood
    stops.set_wish(stop, wish, by=person(request))
    return _("”%(what)s” är märkt %(wish)s.") % {"what": _title(stop), "wish": Stop.Wish(wish).label}


def _note(request: HttpRequest, stop: Stop) -> str:
    stops.set_note(stop, request.POST.get("note", ""), by=person(request))
    return _("Anteckningen är sparad.")


def _earlier(request: HttpRequest, stop: Stop) -> str:
    move = moving.moves_of(stop).earlier
    if move is None:
        return _("”%(what)s” kan inte vara tidigare den dagen.") % {"what": _title(stop)}
    return _moved(request, stop, move.starts_at, move.occasion)


def _later(request: HttpRequest, stop: Stop) -> str:
    move = moving.moves_of(stop).later
    if move is None:
        return _("”%(what)s” kan inte vara senare den dagen.") % {"what": _title(stop)}
    return _moved(request, stop, move.starts_at, move.occasion)


def _move(request: HttpRequest, stop: Stop) -> str:
    starts_at = read_moment(request.POST.get("starts_at"))
    clock = read_clock(request.POST.get("clock")) if starts_at is None else None
    if clock is not None:
        try:
            starts_at = moment(local(stop.starts_at).date(), clock)
        except NoSuchTime as error:
            raise NotUnderstood(_("Den tiden finns inte den dagen: klockan ställs om.")) from error
    if starts_at is None:
        raise NotUnderstood(_("Skriv en tid, till exempel 10.30."))
    occasion = None
    if request.POST.get("occasion"):
        same = Occasion.objects.filter(session=stop.occasion.session_id if stop.occasion else None)
        occasion = same.filter(pk=number_in(request.POST.get("occasion"))).first()
        if occasion is None:
            raise NotUnderstood
    return _moved(request, stop, starts_at, occasion)


def _moved(request: HttpRequest, stop: Stop, starts_at: datetime, occasion: Occasion | None) -> str:
    moved = moving.move_stop(stop, starts_at, occasion=occasion, by=person(request), release_seats=_releases(request))
    return _("”%(what)s” börjar nu %(time)s.") % {"what": _title(stop), "time": clock_text(moved.starts_at)}


def _swap(request: HttpRequest, stop: Stop) -> str:
    rows = Occasion.objects.offered().filter(session__fair=stop.itinerary.fair_id)
    occasion = rows.select_related("session").filter(pk=number_in(request.POST.get("occasion"))).first()
    if occasion is None:
        raise NotUnderstood(_("Det du valde finns inte längre i mässans program."))
    starts_at = read_moment(request.POST.get("starts_at"))
    stops.replace(stop, occasion, starts_at, by=person(request), release_seats=_releases(request))
    return _("Ni har bytt till ”%(title)s”.") % {"title": occasion.session.title}


def _book(request: HttpRequest, stop: Stop) -> str | None:
    return _tell_results(request, [programme_seats.book_stop(stop, by=person(request))])


def _wait(request: HttpRequest, stop: Stop) -> str | None:
    result = programme_seats.wait_for_seats(stop, by=person(request))
    if result.state == "waiting":
        return _("Ni står i kö, på plats %(n)d.") % {"n": result.place_in_queue or 1}
    return _tell_results(request, [result])


def _release(request: HttpRequest, stop: Stop) -> str:
    programme_seats.release_seats(stop, by=person(request))
    return _("Platserna är lämnade. Stoppet är kvar i programmet.")


def _change_seats(request: HttpRequest, stop: Stop) -> str | None:
    result = programme_seats.match_seats(stop, by=person(request))
    if result.state == "refused":
        return _tell_results(request, [result])
    return _("Platserna är nu för lika många som ni är.")


STOP_DEEDS: dict[str, StopDeed] = {
    "remove": _remove,
    "lock": _lock,
    "unlock": _unlock,
    "wish": _wish,
    "note": _note,
    "earlier": _earlier,
    "later": _later,
    "move": _move,
    "swap": _swap,
    "book": _book,
    "wait": _wait,
    "release": _release,
    "change seats": _change_seats,
}
