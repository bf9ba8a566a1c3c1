"""The forms of the fair's team: a session, a time, a place, a message, a file."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bryggan.accounts.models import Company, Department, User
from bryggan.common.safe_html import line, normal
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.imports.importing import LARGEST_FILE
from bryggan.fair.imports.referring import References
from bryggan.fair.imports.remote import BadValue, RemoteSession
from bryggan.fair.languages import language_name
from bryggan.fair.local_times import NoSuchTime, clock_text, local, moment, next_day
from bryggan.fair.models import Fair, Occasion, Session, Venue
from bryggan.fair.places import VenueDetails
from bryggan.fair.supply import OccasionDetails, SessionDetails

_CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]?([0-5]\d)\Z")
LANGUAGES = ("sv", "en", "ar", "so", "uk", "swl")
MOST_LINES = 40


class ClockField(forms.Field):
    """A local time as people write it: 9.30, 09:30 or 930."""

    default_error_messages = {"invalid": gettext_lazy("Skriv ett klockslag, till exempel 9.30.")}

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 5})
        super().__init__(widget=widget, **options)

    def to_python(self, value: Any) -> time | None:
        text = str(value or "").strip()
        if not text:
            return None
        match = _CLOCK.match(text)
        if not match:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return time(int(match[1]), int(match[2]))


class DayField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), input_formats=["%Y-%m-%d"], **options
        )


class RowChoice(forms.ModelChoiceField):
    """Refuses a number that no row can have before SQLite, which does not take it, is asked."""

    def clean(self, value: Any) -> Any:
        if len(str(value or "")) > 18:
            raise forms.ValidationError(_("Välj bland alternativen i listan."), code="invalid_choice")
        return super().clean(value)


def _lines_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), help_text=help_text
    )


class SessionForm(forms.Form):
    """A session as people type it. `seen` says which version they began from."""

    use_required_attribute = False

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=gettext_lazy("Rubrik"), max_length=200, error_messages={"required": gettext_lazy("Skriv en rubrik.")}
    )
    summary = forms.CharField(
        label=gettext_lazy("Kort"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("En mening som står i listan."),
    )
    description = forms.CharField(
        label=gettext_lazy("Beskrivning"), max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    kind = forms.ChoiceField(label=gettext_lazy("Tider"), choices=Session.Kind.choices, widget=forms.RadioSelect)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minuter"),
        min_value=1,
        max_value=24 * 60,
        help_text=gettext_lazy("Hur länge en klass är där."),
        error_messages={"required": gettext_lazy("Skriv hur många minuter en klass är där.")},
    )
    venue = RowChoice(
        label=gettext_lazy("Plats"),
        queryset=Venue.objects.none(),
        required=False,
        empty_label=gettext_lazy("Inte bestämd"),
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Platser räknas i"), choices=Session.Unit.choices, widget=forms.RadioSelect
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Antal platser vid varje tid"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=gettext_lazy("Tomt betyder obegränsat."),
    )
    smallest_group = forms.IntegerField(
        label=gettext_lazy("Minsta grupp"), min_value=1, max_value=1000, required=False
    )
    largest_group = forms.IntegerField(
        label=gettext_lazy("Största grupp"), min_value=1, max_value=1000, required=False
    )
    counts_adults = forms.BooleanField(label=gettext_lazy("Vuxna räknas"), required=False)
    needs_booking = forms.BooleanField(label=gettext_lazy("Bokas i förväg"), required=False)
    booking_opens_on = DayField(
        label=gettext_lazy("Bokningen öppnar"), required=False, help_text=gettext_lazy("Tomt betyder genast.")
    )
    booking_closes_hours = forms.IntegerField(
        label=gettext_lazy("Bokningen stänger, timmar före"), min_value=0, max_value=24 * 90, initial=24
    )
    school_forms = forms.MultipleChoiceField(
        label=gettext_lazy("Passar skolformer"),
        choices=SchoolForm.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Inget kryss betyder alla."),
    )
    school_years = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Passar årskurser"),
        choices=[(year, str(year)) for year in range(1, 10)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    programmes = _lines_field(gettext_lazy("Gymnasieprogram"), gettext_lazy("Ett på varje rad: namn eller kod."))
    subjects = _lines_field(gettext_lazy("Ämnen"), gettext_lazy("Ett på varje rad: namn eller kod."))
    initiatives = _lines_field(
        gettext_lazy("Initiativ som den bygger på"),
        gettext_lazy("Ett på varje rad: rubriken, eller adressen till initiativets sida."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Språk"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    is_for_children = forms.BooleanField(label=gettext_lazy("Ingår i barnspåret"), required=False)
    cost = forms.IntegerField(
        label=gettext_lazy("Kostnad för en klass, kronor"),
        min_value=0,
        max_value=1_000_000,
        required=False,
        help_text=gettext_lazy("Tomt betyder gratis."),
    )
    cost_text = forms.CharField(label=gettext_lazy("Om kostnaden"), max_length=200, required=False)
    theme = forms.SlugField(
        label=gettext_lazy("Tema"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Ett ord, till exempel vatten. En dag får helst flera teman."),
    )
    department = RowChoice(
        label=gettext_lazy("Förvaltning"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=gettext_lazy("Ingen"),
    )
    company = RowChoice(
        label=gettext_lazy("Företag"),
        queryset=Company.objects.none(),
        required=False,
        empty_label=gettext_lazy("Inget"),
    )
    organiser = forms.CharField(label=gettext_lazy("Annan arrangör"), max_length=200, required=False)
    link = forms.URLField(
        label=gettext_lazy("Länk"), max_length=500, required=False, assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Ord till dem som redan har den"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Skickas med när platsen ändras."),
    )

    def __init__(self, data: Any = None, *, fair: Fair, by: User, session: Session | None = None) -> None:
        super().__init__(data, initial=typed_of(session) if session else _new())
        self.fair, self.session = fair, session
        venue, department, company = (self.fields[name] for name in ("venue", "department", "company"))
        venue.queryset = fair.venues.order_by("name")  # type: ignore[attr-defined]
        if by.is_editor:
            department.queryset = Department.objects.all()  # type: ignore[attr-defined]
            company.queryset = Company.objects.approved()  # type: ignore[attr-defined]
        else:
            own = by.coordinations.in_force()
            department.queryset = Department.objects.filter(coordinations__in=own).distinct()  # type: ignore[attr-defined]
            company.queryset = Company.objects.filter(coordinations__in=own).distinct()  # type: ignore[attr-defined]
            if not session:
                first = department.queryset.first()  # type: ignore[attr-defined]
                self.initial["department"] = first.pk if first else None
        kept = tuple(code for code in (session.languages if session else ()) if code not in LANGUAGES)
        self.fields["languages"].choices = [  # type: ignore[attr-defined]
            (code, language_name(code).capitalize()) for code in (*LANGUAGES, *kept)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        least, most = data.get("smallest_group"), data.get("largest_group")
        if least and most and least > most:
            self.add_error("largest_group", _("Den största gruppen är mindre än den minsta."))
        self._refer(data)
        return data

    def _refer(self, data: dict[str, Any]) -> None:
        """Lines of names turned into rows; every line that means nothing is told."""
        names = ("programmes", "subjects", "initiatives")
        typed = {name: _lines(data.get(name, "")) for name in names}
        references = References([RemoteSession("", "", columns={name: tuple(typed[name]) for name in names})])
        school_forms = tuple(data.get("school_forms", ()))
        for name in names:
            rows: list[Any] = []
            problems = []
            for text in typed[name][:MOST_LINES]:
                try:
                    rows += references.many(name, (text,), school_forms)
                except BadValue as error:
                    problems.append(str(error))
            if problems:
                self.add_error(name, forms.ValidationError(problems))
            data[name] = list(dict.fromkeys(rows))

    def details(self) -> SessionDetails:
        data = self.cleaned_data
        names = set(SessionDetails.__dataclass_fields__) & set(data)
        said = {name: data[name] for name in names}
        said["cost"] = data["cost"] or 0
        said["description"] = normal(data["description"]).strip()
        on: date | None = data["booking_opens_on"]
        before = self.session.booking_opens_at if self.session else None
        # The hour, which the form does not ask for, is kept when the day is.
        unchanged = before is not None and on == local(before).date()
        said["booking_opens_at"] = before if unchanged else moment(on, time(8)) if on else None
        return SessionDetails(**said)

    def seen_at(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            return None


def _new() -> dict[str, Any]:
    return {
        "kind": Session.Kind.FIXED,
        "unit": Session.Unit.PEOPLE,
        "minutes": 60,
        "counts_adults": True,
        "languages": ["sv"],
    }


def typed_of(session: Session) -> dict[str, Any]:
    """The session as it would be typed in the form."""
    names = set(SessionForm.base_fields) & {field.name for field in Session._meta.concrete_fields}
    typed = {name: getattr(session, name) for name in names}
    typed |= {"venue": session.venue_id, "department": session.department_id, "company": session.company_id}
    typed["seen"] = session.changed_at.isoformat()
    typed["booking_opens_on"] = local(session.booking_opens_at).date() if session.booking_opens_at else None
    typed["programmes"] = "\n".join(session.programmes.values_list("code", flat=True))
    typed["subjects"] = "\n".join(session.subjects.values_list("code", flat=True))
    # By address, so that two of the same name stay apart and people see which it is.
    typed["initiatives"] = "\n".join(one.get_absolute_url() for one in session.initiatives.only("pk", "slug"))
    return typed


class OccasionForm(forms.Form):
    """A time: a day and two clocks, local. An end before the start is the day after."""

    use_required_attribute = False

    on = DayField(label=gettext_lazy("Dag"), error_messages={"required": gettext_lazy("Välj dag.")})
    begins = ClockField(
        label=gettext_lazy("Börjar"), error_messages={"required": gettext_lazy("Skriv när den börjar.")}
    )
    ends = ClockField(label=gettext_lazy("Slutar"), error_messages={"required": gettext_lazy("Skriv när den slutar.")})
    capacity = forms.IntegerField(
        label=gettext_lazy("Antal platser"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=gettext_lazy("Tomt betyder obegränsat."),
    )
    reserved = forms.IntegerField(
        label=gettext_lazy("Varav reserverade för inbjudna"), min_value=0, max_value=100_000, required=False
    )
    note = forms.CharField(label=gettext_lazy("Att veta om just den här tiden"), max_length=300, required=False)
    message = forms.CharField(
        label=gettext_lazy("Ord till klasserna"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Skickas med när tiden ändras, till exempel varför."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on, begins, ends = data.get("on"), data.get("begins"), data.get("ends")
        if on and begins is not None and ends is not None:
            try:
                data["starts_at"] = moment(on, begins)
                data["ends_at"] = moment(next_day(on) if ends < begins else on, ends)
            except NoSuchTime:
                self.add_error("begins", _("Den timmen finns inte: då ställs klockan fram till sommartid."))
        return data

    def details(self) -> OccasionDetails:
        data = self.cleaned_data
        return OccasionDetails(
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            capacity=data["capacity"],
            reserved=data["reserved"] or 0,
            note=line(data["note"]),
        )

    @staticmethod
    def initial_of(occasion: Occasion) -> dict[str, Any]:
        starts_at, ends_at = local(occasion.starts_at), local(occasion.ends_at)
        return {
            "on": starts_at.date(),
            "begins": clock_text(starts_at),
            "ends": clock_text(ends_at),
            "capacity": occasion.capacity,
            "reserved": occasion.reserved,
            "note": occasion.note,
        }


class NoteForm(forms.Form):
    """Why something is cancelled, or given after all."""

    note = forms.CharField(
        label=gettext_lazy("Ord till klasserna"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Står i brevet, till exempel varför."),
    )


class VenueForm(forms.Form):
    """A place: where it is, and what is good to know there."""

    use_required_attribute = False

    name = forms.CharField(label=gettext_lazy("Namn"), max_length=160)
    address = forms.CharField(label=gettext_lazy("Adress"), max_length=200, required=False)
    description = forms.CharField(
        label=gettext_lazy("Beskrivning"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    latitude = forms.FloatField(
        label=gettext_lazy("Latitud"), required=False, min_value=-90, max_value=90, localize=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=gettext_lazy("Till exempel 56.0437. Högerklicka i en karta för att få den."),
    )  # fmt: skip
    longitude = forms.FloatField(
        label=gettext_lazy("Longitud"), required=False, min_value=-180, max_value=180, localize=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}), help_text=gettext_lazy("Till exempel 12.6945."),
    )  # fmt: skip
    position_is_approximate = forms.BooleanField(label=gettext_lazy("Platsen är ungefärlig"), required=False)
    is_indoor = forms.TypedChoiceField(
        label=gettext_lazy("Inne eller ute"),
        choices=[("", gettext_lazy("Vet inte")), ("1", gettext_lazy("Inomhus")), ("0", gettext_lazy("Utomhus"))],
        coerce=lambda value: value == "1",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    has_toilets = forms.BooleanField(label=gettext_lazy("Toaletter"), required=False)
    has_cloakroom = forms.BooleanField(label=gettext_lazy("Plats för jackor och väskor"), required=False)
    has_lunch_place = forms.BooleanField(label=gettext_lazy("Plats att äta matsäck"), required=False)
    has_lift = forms.BooleanField(label=gettext_lazy("Hiss eller markplan"), required=False)
    practical = forms.CharField(
        label=gettext_lazy("Bra att veta"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (data.get("latitude") is None) != (data.get("longitude") is None) and not self.errors:
            self.add_error("longitude", _("Skriv både latitud och longitud, eller ingen av dem."))
        return data

    def details(self) -> VenueDetails:
        return VenueDetails(**self.cleaned_data)

    @staticmethod
    def initial_of(venue: Venue) -> dict[str, Any]:
        typed = {name: getattr(venue, name) for name in VenueDetails.__dataclass_fields__}
        # As they are typed: with a point.
        typed |= {name: "" if typed[name] is None else repr(typed[name]) for name in ("latitude", "longitude")}
        typed["is_indoor"] = {True: "1", False: "0", None: ""}[venue.is_indoor]
        return typed


class MessageForm(forms.Form):
    """A message to every class with a stop on a day, at a place or at a time."""

    use_required_attribute = False

    token = forms.UUIDField(widget=forms.HiddenInput)
    on = DayField(label=gettext_lazy("Dag"), required=False)
    venue = RowChoice(
        label=gettext_lazy("Plats"),
        queryset=Venue.objects.none(),
        required=False,
        empty_label=gettext_lazy("Alla platser"),
    )
    occasion = RowChoice(queryset=Occasion.objects.none(), required=False, widget=forms.HiddenInput)
    subject = forms.CharField(
        label=gettext_lazy("Ämnesrad"),
        max_length=150,
        error_messages={"required": gettext_lazy("Skriv vad det gäller.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Meddelande"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Vad som har hänt, och vad klassen gör nu. En tom rad ger ett nytt stycke."),
        error_messages={"required": gettext_lazy("Skriv ett meddelande.")},
    )

    def __init__(self, data: Any = None, *, fair: Fair, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"token": uuid.uuid4(), **(initial or {})})
        self.fair = fair
        self.fields["venue"].queryset = fair.venues.order_by("name")  # type: ignore[attr-defined]
        occasions = Occasion.objects.filter(session__fair=fair).select_related("session")
        self.fields["occasion"].queryset = occasions  # type: ignore[attr-defined]

    def clean_subject(self) -> str:
        return line(self.cleaned_data["subject"])

    def clean_text(self) -> str:
        return normal(self.cleaned_data["text"]).strip()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on = data.get("on")
        if on and not self.fair.first_on <= on <= self.fair.last_on:
            self.add_error("on", _("Mässan är inte öppen den dagen."))
        if not any(data.get(name) for name in ("on", "venue", "occasion")) and "on" not in self.errors:
            self.add_error("on", _("Välj en dag eller en plats. Meddelandet går till dem som har ett stopp där."))
        return data


class FileForm(forms.Form):
    """A programme from a file, or from an address."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("Fil"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.ics,.json"}),
        help_text=gettext_lazy("Tabell (.xlsx eller .csv), kalender (.ics) eller schema.org (.json). Högst 5 MB."),
    )
    address = forms.URLField(
        label=gettext_lazy("Eller en adress på nätet"), max_length=1000, required=False, assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )  # fmt: skip

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST_FILE:
            raise forms.ValidationError(_("Filen är större än 5 MB."))
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("file") and not data.get("address") and not self.errors:
            self.add_error("file", _("Välj en fil, eller skriv en adress."))
        return data


def _lines(text: str) -> Sequence[str]:
    return [typed for part in normal(text).splitlines() if (typed := line(part))]
