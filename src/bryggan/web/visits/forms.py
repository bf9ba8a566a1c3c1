"""The forms of what a class says and answers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Occasion
from bryggan.fair.seating.capacity import MOST_ADULTS, MOST_PUPILS
from bryggan.invitations import interests, threads
from bryggan.invitations.models import Kind, Phase, VisitFeedback

Choices = list[tuple[Any, Any]]
MOST_WISHES = 3
_WISHES = (_("Helst"), _("I andra hand"), _("I tredje hand"))


class InterestForm(forms.Form):
    """That a class is curious. What a click leaves out is as most would have it."""

    klass = forms.ChoiceField(label=_("Klass"), error_messages={"invalid_choice": _("Välj en av dina egna klasser.")})
    kind = forms.ChoiceField(label=_("Vi vill"), choices=Kind.choices, required=False)
    phase = forms.ChoiceField(label=_("När"), choices=Phase.choices, required=False)
    note = forms.CharField(
        label=_("Hälsning till värden"),
        max_length=interests.LONGEST_NOTE,
        required=False,
        help_text=_("Skriv inga namn på elever."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    shows_teacher = forms.BooleanField(label=_("Visa mitt namn och min adress för värden"), required=False)

    def __init__(
        self, data: Any = None, *, classes: Sequence[SchoolClass], only_follow: bool = False, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.classes = {str(one.pk): one for one in classes}
        field = cast(forms.ChoiceField, self.fields["klass"])
        field.choices = [(pk, one.label) for pk, one in self.classes.items()]
        if len(self.classes) == 1:
            field.widget = forms.HiddenInput()
            field.initial = next(iter(self.classes))
        kind = cast(forms.ChoiceField, self.fields["kind"])
        if only_follow:
            kind.choices = [(Kind.FOLLOW.value, Kind.FOLLOW.label)]
        self._usual_kind = Kind.FOLLOW if only_follow else Kind.VISIT
        kind.initial = self._usual_kind
        self.fields["phase"].initial = Phase.ANY

    def wish(self) -> dict[str, Any]:
        """What `express_interest` is asked."""
        data = self.cleaned_data
        return {
            "school_class": self.classes[data["klass"]],
            "kind": data["kind"] or self._usual_kind,
            "phase": data["phase"] or Phase.ANY,
            "note": data["note"],
            "shows_teacher": data["shows_teacher"],
        }


class NumbersForm(forms.Form):
    """How many come, and what to think of."""

    pupils = forms.IntegerField(
        label=_("Antal barn eller elever"),
        min_value=1,
        max_value=MOST_PUPILS,
        error_messages={"required": _("Skriv hur många elever ni är."), "invalid": _("Skriv ett antal med siffror.")},
    )
    adults = forms.IntegerField(
        label=_("Antal vuxna"),
        min_value=1,
        max_value=MOST_ADULTS,
        error_messages={"required": _("Skriv hur många vuxna ni är."), "invalid": _("Skriv ett antal med siffror.")},
    )
    needs = forms.CharField(
        label=_("Behov att tänka på"),
        max_length=300,
        required=False,
        help_text=_("Till exempel hiss, tolk eller allergier. Skriv inga namn på elever."),
    )


class AnswerForm(NumbersForm):
    """A yes: up to three of the times, in the order the class would like them."""

    field_order = ("wish_1", "wish_2", "wish_3", "pupils", "adults", "needs")

    def __init__(self, data: Any = None, *, times: Sequence[tuple[Occasion, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self._times = {str(occasion.pk): occasion for occasion, _text in times}
        choices: Choices = [(str(occasion.pk), text) for occasion, text in times]
        for number in range(min(len(choices), MOST_WISHES)):
            empty: Choices = [] if number == 0 else [("", _("Ingen"))]
            self.fields[f"wish_{number + 1}"] = forms.ChoiceField(
                label=_WISHES[number] if len(choices) > 1 else _("Tid"),
                choices=[*empty, *choices],
                required=number == 0,
                error_messages={
                    "required": _("Välj en tid."),
                    "invalid_choice": _("Den tiden går inte längre att välja. Välj en annan."),
                },
            )
        self.order_fields(self.field_order)

    def occasions(self) -> list[Occasion]:
        names = [f"wish_{number}" for number in range(1, MOST_WISHES + 1)]
        return [self._times[pk] for name in names if (pk := self.cleaned_data.get(name))]


class MessageForm(forms.Form):
    text = forms.CharField(
        label=_("Skriv till värden"),
        max_length=threads.LONGEST,
        help_text=_("Klassens lärare och de som samordnar hos värden läser det. Skriv inga namn på elever."),
        error_messages={"required": _("Skriv något först.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class FeedbackForm(forms.Form):
    answer = forms.TypedChoiceField(
        label=_("Hur var besöket?"),
        choices=VisitFeedback.Answer.choices,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Välj ett svar."), "invalid_choice": _("Välj ett av svaren.")},
    )
    text = forms.CharField(
        label=_("Vad ska värden tänka på till nästa gång?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
