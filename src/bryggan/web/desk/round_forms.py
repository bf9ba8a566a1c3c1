"""The forms of a round: what, when, where, for whom, and what to say."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bryggan.accounts.models import Company, Department, SchoolUnit
from bryggan.common.safe_html import line, normal
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.imports.referring import References
from bryggan.fair.imports.remote import BadValue, RemoteSession
from bryggan.fair.local_times import NoSuchTime, clock_text, local, moment, next_day
from bryggan.fair.models import Occasion, Session
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host
from bryggan.invitations.audience import Choice
from bryggan.invitations.models import InvitationRound
from bryggan.invitations.rounds import Time
from bryggan.invitations.telling import time_text
from bryggan.web.fair_team.forms import ClockField, DayField

MOST_TIMES = 20
EMPTY_TIMES = 3
MOST_LINES = 60
MOST_LINKS = 5


class WhenForm(forms.Form):
    """A moment: a day and a clock, local."""

    use_required_attribute = False

    on = DayField(label=gettext_lazy("Dag"), error_messages={"required": gettext_lazy("Välj dag.")})
    at = ClockField(label=gettext_lazy("Klockan"), error_messages={"required": gettext_lazy("Skriv ett klockslag.")})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("on") and data.get("at") is not None:
            try:
                data["moment"] = moment(data["on"], data["at"])
            except NoSuchTime:
                self.add_error("at", _("Den timmen finns inte: då ställs klockan fram till sommartid."))
        return data


class TimeForm(forms.Form):
    """One time of the host's own. A row that nobody has filled in is no time."""

    use_required_attribute = False

    on = DayField(label=gettext_lazy("Dag"), required=False)
    begins = ClockField(label=gettext_lazy("Börjar"), required=False)
    ends = ClockField(label=gettext_lazy("Slutar"), required=False)
    seats = forms.IntegerField(label=gettext_lazy("Platser"), min_value=1, max_value=10_000, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors or not self.has_changed():
            return data
        on, begins, ends = data.get("on"), data.get("begins"), data.get("ends")
        for name, value in (("on", on), ("begins", begins), ("ends", ends)):
            if value is None:
                self.add_error(name, _("Fyll i hela raden, eller töm den."))
        if on and begins is not None and ends is not None:
            try:
                data["time"] = Time(
                    moment(on, begins), moment(next_day(on) if ends <= begins else on, ends), data.get("seats")
                )
            except NoSuchTime:
                self.add_error("begins", _("Den timmen finns inte: då ställs klockan fram till sommartid."))
        return data


class RoundForm(forms.Form):
    """A round as people type it, about one initiative or one session of the fair."""

    use_required_attribute = False

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=gettext_lazy("Rubrik"), max_length=150, error_messages={"required": gettext_lazy("Skriv en rubrik.")}
    )
    text = forms.CharField(
        label=gettext_lazy("Inbjudan"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Vad får klassen vara med om? Tom rad mellan stycken."),
        error_messages={"required": gettext_lazy("Skriv vad ni bjuder in till.")},
    )
    how = forms.ChoiceField(label=gettext_lazy("När"), choices=InvitationRound.How.choices, widget=forms.RadioSelect)
    occasions = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Tider på mässan"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    place = forms.CharField(label=gettext_lazy("Var"), max_length=300, required=False)
    practical = forms.CharField(
        label=gettext_lazy("Bra att veta före besöket"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Skickas med påminnelserna till dem som kommer."),
    )
    links = forms.CharField(
        label=gettext_lazy("Länkar"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("En på varje rad: namn, mellanslag, adress. Till exempel: Karta https://…"),
    )
    answer_on = DayField(
        label=gettext_lazy("Svara senast"), error_messages={"required": gettext_lazy("Välj sista dag att svara.")}
    )
    answer_at = ClockField(
        label=gettext_lazy("Klockan"), error_messages={"required": gettext_lazy("Skriv ett klockslag.")}
    )
    spread = forms.ChoiceField(
        label=gettext_lazy("Så fördelas platserna"),
        choices=InvitationRound.Spread.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Läraren får veta det. Med lottning spelar det ingen roll vem som är snabbast."),
    )
    to_interested = forms.BooleanField(label=gettext_lazy("Alla som har sagt att de är nyfikna"), required=False)
    to_matching = forms.BooleanField(label=gettext_lazy("Alla klasser som passar in"), required=False)
    school_forms = forms.MultipleChoiceField(
        label=gettext_lazy("Skolformer"),
        choices=SchoolForm.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Inget kryss betyder alla."),
    )
    school_years = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Årskurser"),
        choices=[(year, str(year)) for year in range(1, 10)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    subjects = forms.CharField(
        label=gettext_lazy("Ämnen"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Ett på varje rad: namn eller kod."),
    )
    programmes = forms.CharField(
        label=gettext_lazy("Gymnasieprogram"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Ett på varje rad: namn eller kod."),
    )
    school_units = forms.CharField(
        label=gettext_lazy("Bara de här skolorna"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Ett namn på varje rad. Tomt betyder alla."),
    )
    smallest_group = forms.IntegerField(label=gettext_lazy("Minsta grupp"), min_value=1, max_value=300, required=False)
    largest_group = forms.IntegerField(label=gettext_lazy("Största grupp"), min_value=1, max_value=300, required=False)
    only_new_schools = forms.BooleanField(
        label=gettext_lazy("Bara skolor som ni inte har bjudit in förut"), required=False
    )
    most_per_teacher = forms.IntegerField(
        label=gettext_lazy("Högst så många inbjudningar per lärare och termin"),
        min_value=1,
        max_value=50,
        required=False,
        help_text=gettext_lazy("Räknat över alla som bjuder in. Tomt betyder ingen gräns."),
    )

    def __init__(
        self, data: Any = None, *, host: Host, about: Initiative | Session, round: InvitationRound | None = None
    ) -> None:
        initial = typed_of(round) if round else new_for(about)
        super().__init__(data, initial=initial)
        self.host, self.about, self.round = host, about, round
        coming = _coming(about) if isinstance(about, Session) else []
        self.fields["occasions"].choices = [  # type: ignore[attr-defined]
            (one.pk, time_text(one.starts_at, one.ends_at)) for one in coming
        ]
        if isinstance(about, Session):
            del self.fields["how"]
        else:
            del self.fields["occasions"]
        self.times = _time_forms(data, round) if isinstance(about, Initiative) else []

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._clean_deadline(data)
        self._clean_lists(data)
        self._clean_times(data)
        least, most = data.get("smallest_group"), data.get("largest_group")
        if least and most and least > most:
            self.add_error("largest_group", _("Den största gruppen är mindre än den minsta."))
        is_second = bool(self.round and self.round.second_of_id)
        if not (data.get("to_interested") or data.get("to_matching") or is_second):
            self.add_error("to_interested", _("Välj vilka som ska bjudas in."))
        return data

    def made(self) -> InvitationRound:
        """The round as typed, not saved."""
        data = self.cleaned_data
        round = self.round or InvitationRound()
        round.department = self.host if isinstance(self.host, Department) else None
        round.company = self.host if isinstance(self.host, Company) else None
        if isinstance(self.about, Initiative):
            round.initiative = self.about
            round.how = data["how"] or InvitationRound.How.OCCASIONS
        else:
            round.session, round.how = self.about, InvitationRound.How.OCCASIONS
        for name in (
            "place", "smallest_group", "largest_group", "to_interested", "to_matching", "school_forms",
            "school_years", "only_new_schools", "most_per_teacher", "spread",
        ):  # fmt: skip
            setattr(round, name, data[name])
        round.title = line(data["title"])
        round.text = normal(data["text"]).strip()
        round.practical = normal(data["practical"]).strip()
        round.attachments = data["links"]
        round.answer_by = data["answer_by"]
        return round

    def choice(self) -> Choice:
        data = self.cleaned_data
        return Choice(*(tuple(row.pk for row in data[name]) for name in ("subjects", "programmes", "school_units")))

    def chosen_times(self) -> list[Time]:
        """Own times, in order; none when the time is by agreement."""
        if "how" in self.fields and self.cleaned_data.get("how") == InvitationRound.How.AGREEMENT:
            return []
        return sorted((form.cleaned_data["time"] for form in self._filled()), key=lambda one: one.starts_at)

    def chosen_occasions(self) -> list[Occasion]:
        if not isinstance(self.about, Session):
            return []
        return list(Occasion.objects.filter(session=self.about, pk__in=self.cleaned_data["occasions"]))

    def time_pairs(self) -> list[tuple[datetime, datetime]]:
        """All times as the letter tells them."""
        rows: Sequence[Time | Occasion] = [*self.chosen_times(), *self.chosen_occasions()]
        return sorted((one.starts_at, one.ends_at) for one in rows)

    def _filled(self) -> list[TimeForm]:
        return [form for form in self.times if form.is_valid() and "time" in form.cleaned_data]

    def _clean_deadline(self, data: dict[str, Any]) -> None:
        if not data.get("answer_on") or data.get("answer_at") is None:
            return
        try:
            data["answer_by"] = moment(data["answer_on"], data["answer_at"])
        except NoSuchTime:
            self.add_error("answer_at", _("Den timmen finns inte: då ställs klockan fram till sommartid."))
            return
        if data["answer_by"] <= timezone.now():
            self.add_error("answer_on", _("Den tiden har redan varit."))

    def _clean_times(self, data: dict[str, Any]) -> None:
        if any(not form.is_valid() for form in self.times):
            self.add_error(None, _("En av tiderna är inte rätt ifylld."))
            return
        by_agreement = data.get("how") == InvitationRound.How.AGREEMENT
        starts = [form.cleaned_data["time"].starts_at for form in self._filled()]
        chosen = data.get("occasions") or []
        if isinstance(self.about, Session):
            starts = [one.starts_at for one in _coming(self.about) if one.pk in chosen]
        if by_agreement:
            return
        if not starts:
            self.add_error(
                "occasions" if isinstance(self.about, Session) else "how", _("Skriv minst en tid att välja på.")
            )
        elif data.get("answer_by") and min(starts) <= data["answer_by"]:
            self.add_error("answer_on", _("Sista svarsdag måste vara före den första tiden."))

    def _clean_lists(self, data: dict[str, Any]) -> None:
        """Lines of names turned into rows; every line that means nothing is told."""
        typed = {name: _lines(data.get(name, "")) for name in ("subjects", "programmes")}
        references = References([RemoteSession("", "", columns={name: tuple(rows) for name, rows in typed.items()})])
        forms_chosen = tuple(data.get("school_forms", ()))
        for name, texts in typed.items():
            rows: list[Any] = []
            problems = []
            for text in texts:
                try:
                    rows += references.many(name, (text,), forms_chosen)
                except BadValue as error:
                    problems.append(str(error))
            if problems:
                self.add_error(name, forms.ValidationError(problems))
            data[name] = list(dict.fromkeys(rows))
        data["school_units"] = self._schools(_lines(data.get("school_units", "")))
        data["links"] = self._links(_lines(data.get("links", "")))

    def _schools(self, names: Sequence[str]) -> list[SchoolUnit]:
        if not names:
            return []
        wanted = {name.casefold() for name in names}
        found = {one.name.casefold(): one for one in SchoolUnit.objects.in_use() if one.name.casefold() in wanted}
        unknown = [name for name in names if name.casefold() not in found]
        if unknown:
            self.add_error("school_units", _("Ingen skola heter så: %(names)s.") % {"names": ", ".join(unknown)})
        return list(found.values())

    def _links(self, rows: Sequence[str]) -> list[dict[str, str]]:
        links = []
        for row in rows[:MOST_LINKS]:
            title, _space, address = row.rpartition(" ")
            if not address.startswith(("https://", "http://")) or len(address) > 500:
                self.add_error("links", _("Skriv hela adressen, med https:// först: %(row)s") % {"row": row})
                continue
            links.append({"title": title.strip()[:80], "url": address})
        if len(rows) > MOST_LINKS:
            self.add_error("links", _("Högst %(n)d länkar får plats.") % {"n": MOST_LINKS})
        return links


class CancelForm(forms.Form):
    """A button that is meant."""


class SeatsForm(forms.Form):
    """Another number of seats at a time of the round's own."""

    use_required_attribute = False

    occasion = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    capacity = forms.IntegerField(label=gettext_lazy("Platser"), min_value=0, max_value=10_000, required=False)


class AgreeForm(forms.Form):
    """The time that class and host have agreed on."""

    use_required_attribute = False

    on = DayField(label=gettext_lazy("Dag"), error_messages={"required": gettext_lazy("Välj dag.")})
    begins = ClockField(
        label=gettext_lazy("Börjar"), error_messages={"required": gettext_lazy("Skriv när det börjar.")}
    )
    ends = ClockField(label=gettext_lazy("Slutar"), error_messages={"required": gettext_lazy("Skriv när det slutar.")})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on, begins, ends = data.get("on"), data.get("begins"), data.get("ends")
        if on and begins is not None and ends is not None:
            try:
                data["starts_at"], data["ends_at"] = moment(on, begins), moment(on, ends)
            except NoSuchTime:
                self.add_error("begins", _("Den timmen finns inte: då ställs klockan fram till sommartid."))
                return data
            if data["ends_at"] <= data["starts_at"]:
                self.add_error("ends", _("Sluttiden är före starttiden."))
            elif data["starts_at"] <= timezone.now():
                self.add_error("on", _("Den tiden har redan varit."))
        return data


def new_for(about: Initiative | Session) -> dict[str, Any]:
    """What a new round begins with."""
    coming = _coming(about) if isinstance(about, Session) else []
    offer = getattr(about, "school_offer", None)
    return {
        "token": uuid.uuid4(),
        "title": about.title[:150],
        "how": InvitationRound.How.OCCASIONS,
        "occasions": [one.pk for one in coming],
        "place": about.venue.name if isinstance(about, Session) and about.venue else "",
        "answer_on": timezone.localdate() + timedelta(days=14),
        "answer_at": clock_text(time(16)),
        "spread": InvitationRound.Spread.LOTTERY,
        "to_interested": True,
        "school_forms": list(offer.school_forms if offer else getattr(about, "school_forms", [])),
        "school_years": list(offer.school_years if offer else getattr(about, "school_years", [])),
        "smallest_group": getattr(about, "smallest_group", None),
        "largest_group": getattr(about, "largest_group", None),
    }


def typed_of(round: InvitationRound) -> dict[str, Any]:
    """The round as it would be typed."""
    names = (
        "title", "text", "how", "place", "practical", "spread", "to_interested", "to_matching", "school_forms",
        "school_years", "smallest_group", "largest_group", "only_new_schools", "most_per_teacher",
    )  # fmt: skip
    answer_by = local(round.answer_by)
    return {
        **{name: getattr(round, name) for name in names},
        "occasions": list(round.occasions.values_list("pk", flat=True)),
        "links": "\n".join(f"{link.get('title', '')} {link['url']}".strip() for link in round.attachments),
        "answer_on": answer_by.date(),
        "answer_at": clock_text(answer_by),
        "subjects": "\n".join(round.subjects.values_list("code", flat=True)),
        "programmes": "\n".join(round.programmes.values_list("code", flat=True)),
        "school_units": "\n".join(round.school_units.values_list("name", flat=True)),
    }


def _time_forms(data: Any, round: InvitationRound | None) -> list[TimeForm]:
    typed: list[dict[str, Any]] = []
    if round and round.session and round.session.fair_id is None:
        for one in round.occasions.order_by("starts_at"):
            starts_at, ends_at = local(one.starts_at), local(one.ends_at)
            typed.append(
                {
                    "on": starts_at.date(),
                    "begins": clock_text(starts_at),
                    "ends": clock_text(ends_at),
                    "seats": one.capacity,
                }
            )
    number = min(MOST_TIMES, len(typed) + EMPTY_TIMES)
    if data is not None:
        sent = [n for n in range(MOST_TIMES) if data.get(f"t{n}-on") or data.get(f"t{n}-begins")]
        number = max(number, max(sent, default=-1) + 1 + (EMPTY_TIMES if data.get("step") == "times" else 0))
        number = min(MOST_TIMES, number)
    forms_made = []
    for n in range(number):
        as_saved = typed[n] if data is None and n < len(typed) else None
        form = TimeForm(data, prefix=f"t{n}", initial=as_saved)
        form.empty_permitted = True
        forms_made.append(form)
    return forms_made


def _coming(session: Session) -> list[Occasion]:
    """Times of the session that can still be chosen when an answer has come."""
    soon = timezone.now() + timedelta(hours=2)
    return list(session.occasions.filter(cancelled_at=None, booking_closes_at__gt=soon).order_by("starts_at", "pk"))


def _lines(text: str) -> list[str]:
    return [found for row in normal(text).splitlines() if (found := line(row))][:MOST_LINES]
