"""The forms of sign-in, account and classes."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.actions import FORMS_WITH_YEARS, ClassDetails
from bryggan.accounts.models import SchoolClass, SchoolUnit, User
from bryggan.curriculum.models import Curriculum, Orientation, Programme, SchoolForm, Subject

Choices = list[tuple[Any, Any]]


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=_("Din e-postadress i jobbet"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={
            "required": _("Skriv din e-postadress."),
            "invalid": _("Adressen ser inte ut som en e-postadress. Den ska se ut så här: namn@skola.se."),
        },
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Koden i mejlet"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "code-input",
                "autofocus": True,
            }
        ),
        error_messages={"required": _("Skriv koden som står i mejlet.")},
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Ditt namn"),
        max_length=120,
        required=False,
        help_text=_("Dina kollegor ser namnet. Andra ser det inte."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class SchoolSearchForm(forms.Form):
    q = forms.CharField(label=_("Sök på skolans namn"), max_length=100, required=False)


class ColleagueForm(forms.Form):
    email = forms.EmailField(
        label=_("Kollegans e-postadress"),
        max_length=254,
        error_messages={
            "required": _("Skriv kollegans e-postadress."),
            "invalid": _("Adressen ser inte ut som en e-postadress."),
        },
    )


class RowChoices(forms.ModelMultipleChoiceField):
    """Refuses a number that no row can have before SQLite, which does not take it, is asked."""

    def clean(self, value: Any) -> Any:
        if any(len(str(number)) > 18 for number in value or ()):
            raise forms.ValidationError(_("Välj bland alternativen i listan."), code="invalid_choice")
        return super().clean(value)


class ClassForm(forms.Form):
    """A class, of any school form. What the chosen school form has no use for is ignored, not refused."""

    # The server tells what is missing: what must be filled in depends on the school form.
    use_required_attribute = False
    _asked_by_school_form = ("school_years", "programme", "year_of_study")

    token = forms.CharField(widget=forms.HiddenInput, required=False)
    school_unit = forms.ModelChoiceField(
        label=_("Skola eller förskola"), queryset=SchoolUnit.objects.none(), empty_label=None
    )
    label = forms.CharField(
        label=_("Klassens eller gruppens namn"),
        max_length=40,
        help_text=_("Till exempel 8B, TE25a eller Krabborna."),
        error_messages={"required": _("Skriv vad klassen eller gruppen heter.")},
    )
    school_form = forms.ChoiceField(
        label=_("Skolform"),
        choices=SchoolForm.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Välj skolform.")},
    )
    school_years = forms.TypedMultipleChoiceField(
        label=_("Årskurser"),
        choices=[(year, str(year)) for year in range(1, 10)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    subjects = RowChoices(
        label=_("Ämnen som du undervisar klassen i"),
        queryset=Subject.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    programme = forms.ModelChoiceField(
        label=_("Program"), queryset=Programme.objects.none(), required=False, empty_label=_("Välj program")
    )
    orientation = forms.ModelChoiceField(
        label=_("Inriktning"),
        queryset=Orientation.objects.none(),
        required=False,
        empty_label=_("Ingen inriktning ännu"),
    )
    year_of_study = forms.TypedChoiceField(
        label=_("År i gymnasiet"),
        choices=[("", _("Välj år")), *((year, _("År %d") % year) for year in range(1, 5))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    pupils = forms.IntegerField(
        label=_("Antal barn eller elever"),
        min_value=1,
        max_value=200,
        error_messages={
            "required": _("Skriv hur många barn eller elever klassen har."),
            "invalid": _("Skriv antalet med siffror."),
            "min_value": _("Klassen måste ha minst 1 barn eller elev."),
            "max_value": _("En klass kan ha högst 200 barn eller elever. Dela upp den i flera."),
        },
    )
    adults = forms.IntegerField(
        label=_("Antal vuxna som följer med"),
        min_value=1,
        max_value=30,
        initial=2,
        error_messages={
            "required": _("Skriv hur många vuxna som följer med."),
            "invalid": _("Skriv antalet med siffror."),
            "min_value": _("Minst 1 vuxen måste följa med."),
            "max_value": _("Högst 30 vuxna kan följa med."),
        },
    )
    needs = forms.CharField(
        label=_("Behov att tänka på"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Till exempel hiss, hörslinga eller en lugn plats. Skriv aldrig elevers namn, diagnoser "
            "eller annat som pekar ut någon."
        ),
    )

    def __init__(self, data: Any = None, *, teacher: User, school_class: SchoolClass | None = None) -> None:
        super().__init__(data, initial={"token": uuid.uuid4(), **(_as_typed(school_class) if school_class else {})})
        units = SchoolUnit.objects.in_use().filter(memberships__user=teacher)
        if school_class:
            # A class keeps the school it has, even when that has ended or its teacher has moved.
            units = units | SchoolUnit.objects.filter(pk=school_class.school_unit_id)
        self._field("school_unit").queryset = units.distinct()
        self._field("subjects").queryset = (
            Subject.objects.current().filter(school_form__in=FORMS_WITH_YEARS).order_by("name", "code")
        )
        self._field("subjects").label_from_instance = lambda subject: subject.name
        programmes = Programme.objects.filter(ended_at__isnull=True).order_by("name", "code")
        orientations = (
            Orientation.objects.filter(ended_at__isnull=True, programme__ended_at__isnull=True)
            .select_related("programme")
            .order_by("programme__name", "programme__code", "name")
        )
        if school_class and school_class.programme_id:
            programmes = programmes | Programme.objects.filter(pk=school_class.programme_id)
        self._field("programme").queryset = programmes
        self._field("orientation").queryset = orientations
        self._field("programme").choices = _programme_choices(list(programmes))
        self._field("orientation").choices = _orientation_choices(list(orientations))
        self._call_asked(True)

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def subjects_of(self) -> list[tuple[str, str, list[Any]]]:
        """The subjects' checkboxes by school form: code, heading, boxes. Forms without subjects are left out."""
        forms_of = {subject.pk: subject.school_form for subject in self._field("subjects").queryset}
        groups = []
        for school_form in SchoolForm:
            boxes = [
                box
                for box in cast(Any, self["subjects"]).subwidgets
                if forms_of.get(getattr(box.data["value"], "value", None)) == school_form
            ]
            if boxes:
                groups.append((school_form.value, str(school_form.label), boxes))
        return groups

    def full_clean(self) -> None:
        self._call_asked(False)
        super().full_clean()
        self._call_asked(True)

    def _call_asked(self, asked: bool) -> None:
        """The page must not call voluntary what a school form asks for; the fields themselves cannot know which."""
        for name in self._asked_by_school_form:
            self.fields[name].required = asked

    def clean_token(self) -> uuid.UUID:
        """What makes the same form, sent twice, one class; a form without a good one is simply a form of its own."""
        try:
            return uuid.UUID(self.cleaned_data["token"])
        except ValueError:
            return uuid.uuid4()

    def renew_token(self) -> None:
        """Let this form, sent again, be a form of its own."""
        data = cast(QueryDict, self.data).copy()
        data["token"] = str(uuid.uuid4())
        self.data = data

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        school_form = data.get("school_form")
        if school_form in FORMS_WITH_YEARS:
            if not data.get("school_years") and "school_years" not in self.errors:
                self.add_error("school_years", _("Välj minst en årskurs."))
        else:
            self._ignore("school_years", "subjects")
        if school_form == SchoolForm.UPPER_SECONDARY:
            self._check_upper_secondary(data)
        else:
            self._ignore("programme", "orientation", "year_of_study")
        unit = data.get("school_unit")
        if unit and school_form and unit.school_forms and school_form not in unit.school_forms:
            self.add_error(
                "school_form",
                _("%(school)s har inte den skolformen. Välj en annan skolform eller skola.") % {"school": unit.name},
            )
        return data

    def _check_upper_secondary(self, data: dict[str, Any]) -> None:
        programme, orientation = data.get("programme"), data.get("orientation")
        if not programme and "programme" not in self.errors:
            self.add_error("programme", _("Välj program."))
        if not data.get("year_of_study") and "year_of_study" not in self.errors:
            self.add_error("year_of_study", _("Välj vilket år klassen går."))
        if programme and orientation and orientation.programme_id != programme.pk:
            self.add_error("orientation", _("Inriktningen hör inte till programmet. Välj en annan."))

    def _ignore(self, *names: str) -> None:
        """Fields that do not fit the school form cannot be wrong."""
        for name in names:
            self.errors.pop(name, None)

    def details(self) -> ClassDetails:
        """What the teacher told, for the action."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "token"}
        data.setdefault("school_years", [])
        data["subjects"] = tuple(data.get("subjects") or ())
        return ClassDetails(**data).fitting()


def _as_typed(school_class: SchoolClass) -> dict[str, Any]:
    orientation = school_class.orientation
    return {
        "school_unit": school_class.school_unit_id,
        "label": school_class.label,
        "school_form": school_class.school_form,
        "school_years": school_class.school_years,
        "subjects": [subject.pk for subject in school_class.subjects.all()],
        "programme": school_class.programme_id,
        "orientation": orientation.pk if orientation else None,
        "year_of_study": school_class.year_of_study,
        "pupils": school_class.pupils,
        "adults": school_class.adults,
        "needs": school_class.needs,
    }


def _programme_choices(programmes: list[Programme]) -> Choices:
    groups: Choices = [("", _("Välj program"))]
    for curriculum in (Curriculum.GY25, Curriculum.GY11):
        of_it = [(p.pk, f"{p.name} ({p.code})") for p in programmes if p.curriculum == curriculum]
        if of_it:
            groups.append((curriculum.label, of_it))
    return groups


def _orientation_choices(orientations: list[Orientation]) -> Choices:
    groups: dict[str, list[tuple[int, str]]] = {}
    for orientation in orientations:
        programme = f"{orientation.programme.name} ({orientation.programme.code})"
        groups.setdefault(programme, []).append((orientation.pk, f"{orientation.name} ({orientation.code})"))
    return [("", _("Ingen inriktning ännu")), *groups.items()]
