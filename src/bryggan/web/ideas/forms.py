"""The forms of rounds of ideas that teachers and the city fill in."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import SchoolClass, User
from bryggan.curriculum.models import SchoolForm
from bryggan.ideas.leading import MOST_DAYS
from bryggan.ideas.proposals import ANSWERS, LONGEST_ANSWER, LONGEST_WHY
from bryggan.initiatives.models import Challenge, Initiative

_DAYS = [(1, _("i dag, ett dygn")), (2, _("två dagar")), (7, _("en vecka")), (MOST_DAYS, _("två veckor"))]
# In these the youngest tell and the teacher writes, unless she says otherwise.
YOUNGEST = {SchoolForm.PRESCHOOL.value, SchoolForm.PRESCHOOL_CLASS.value}


class RowChoice(forms.ModelChoiceField):
    """Refuses a number that no row can have before SQLite, which does not take it, is asked."""

    def to_python(self, value: Any) -> Any:
        if len(str(value or "")) > 18:
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class RoundForm(forms.Form):
    """What a round is about, for which of the teacher's classes, and for how long."""

    use_required_attribute = False

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    initiative = RowChoice(queryset=Initiative.objects.none(), required=False, widget=forms.HiddenInput)
    school_class = RowChoice(
        label=_("Klass"),
        queryset=SchoolClass.objects.none(),
        empty_label=None,
        error_messages={"required": _("Välj en klass."), "invalid_choice": _("Välj en av dina egna klasser.")},
    )
    challenge = RowChoice(
        label=_("Stadens utmaning"),
        queryset=Challenge.objects.none(),
        required=False,
        empty_label=_("Ingen, en egen fråga"),
        error_messages={"invalid_choice": _("Utmaningen finns inte längre. Välj en annan.")},
    )
    question = forms.CharField(
        label=_("Frågan till klassen"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Till exempel: Hur kan vi spara vatten på skolgården?"),
        error_messages={"required": _("Skriv en fråga till klassen.")},
    )
    days = forms.TypedChoiceField(label=_("Koden gäller"), choices=_DAYS, coerce=int, initial=1)
    teacher_writes = forms.BooleanField(
        label=_("Jag skriver åt barnen"),
        required=False,
        help_text=_("För de yngsta: barnen berättar och du skriver. Inga telefoner behövs."),
    )
    allows_drawings = forms.BooleanField(label=_("Det går bra att rita"), required=False, initial=True)

    def __init__(self, data: Any = None, *, teacher: User, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"token": uuid.uuid4(), **(initial or {})})
        classes = SchoolClass.objects.taught_by(teacher)
        self._field("school_class").queryset = classes
        self._field("initiative").queryset = Initiative.objects.readable()
        self._field("challenge").queryset = Challenge.objects.filter(withdrawn_at=None)

    def _field(self, name: str) -> Any:
        return self.fields[name]


class SendForm(forms.Form):
    """The class's words about why, and the teacher's two yes or no."""

    why = forms.CharField(
        label=_("Därför valde klassen den"),
        max_length=LONGEST_WHY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Klassens egna ord. Inga namn."),
    )
    teacher_agrees = forms.BooleanField(
        label=_("Idén och svaret får visas på initiativets sida"),
        required=False,
        help_text=_("En redaktör måste också säga ja. Du kan ångra dig när som helst."),
    )
    shows_school = forms.BooleanField(label=_("Skolans namn får visas då"), required=False)


class AnswerForm(forms.Form):
    """The city's answer to a class."""

    use_required_attribute = False

    state = forms.ChoiceField(
        label=_("Vad säger staden?"),
        choices=[(state.value, capfirst(state.label)) for state in ANSWERS],
        widget=forms.RadioSelect,
        error_messages={"required": _("Välj vad staden säger."), "invalid_choice": _("Välj vad staden säger.")},
    )
    text = forms.CharField(
        label=_("Svaret till klassen"),
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Tacka, säg vad ni gör och varför. Korta meningar, vanliga ord: eleverna ska förstå."),
        error_messages={"required": _("Skriv ett svar som klassen kan läsa.")},
    )


class CameOfItForm(forms.Form):
    text = forms.CharField(
        label=_("Vad blev det av idén?"),
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Skriv vad det blev av idén.")},
    )
