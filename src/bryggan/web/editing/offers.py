"""The school offer of an initiative, for editors and for those who coordinate it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from bryggan.alignment.permissions import may_decide_links
from bryggan.common.safe_html import line, normal
from bryggan.curriculum.models import SchoolForm
from bryggan.initiatives import offers
from bryggan.initiatives.models import Initiative, SchoolOffer
from bryggan.initiatives.permissions import may_edit_offer
from bryggan.web.accounts.guards import person
from bryggan.web.editing.reading import reading, reading_of

MOST_LINES = 40
_FORMS_WITH_YEARS = {SchoolForm.COMPULSORY.value, SchoolForm.ADAPTED_COMPULSORY.value}


class OfferForm(forms.Form):
    """A school offer as people type it. `seen` says which version they began from."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    takes_classes = forms.BooleanField(
        label=gettext_lazy("Initiativet tar emot klasser nu"),
        required=False,
        help_text=gettext_lazy("Kryssa bara i om en lärare kan höra av sig i dag och få ett ja eller ett nej."),
    )
    how = forms.CharField(
        label=gettext_lazy("Så går det till"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Var, när, hur länge och hur många. Till exempel: Besök på en timme, högst 30 elever."),
    )
    easy_read = forms.CharField(
        label=gettext_lazy("Lättläst text"),
        max_length=6000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Berätta vad initiativet är för den som är 10 år. Korta meningar, vanliga ord."),
    )
    hard_words = forms.CharField(
        label=gettext_lazy("Svåra ord"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Ett ord på varje rad, så här: dagvatten: regn som rinner av gator och tak"),
    )
    questions = forms.CharField(
        label=gettext_lazy("Frågor till lektionen"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("En fråga på varje rad. Den första visas i förslag till lärare."),
    )
    school_forms = forms.MultipleChoiceField(
        label=gettext_lazy("Passar skolformer"),
        choices=SchoolForm.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    school_years = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Passar årskurser"),
        choices=[(year, str(year)) for year in range(1, 10)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Bara i grundskolan och den anpassade grundskolan."),
    )

    def clean_how(self) -> str:
        return normal(self.cleaned_data["how"]).strip()

    def clean_easy_read(self) -> str:
        return normal(self.cleaned_data["easy_read"]).strip()

    def clean_hard_words(self) -> list[offers.HardWord]:
        words, problems = [], []
        for place, typed in _lines(self.cleaned_data["hard_words"]):
            word, _colon, meaning = (part.strip() for part in typed.partition(":"))
            if not word or not meaning:
                problems.append(
                    _("Rad %(place)d: skriv ordet, ett kolon och en förklaring. Där står nu ”%(typed)s”.")
                    % {"place": place, "typed": typed[:60]}
                )
            elif len(word) > 60 or len(meaning) > 300:
                problems.append(_("Rad %(place)d är för lång.") % {"place": place})
            words.append(offers.HardWord(word, meaning))
        self._refuse(problems, len(words))
        return words

    def clean_questions(self) -> list[str]:
        typed = list(_lines(self.cleaned_data["questions"]))
        too_long = [_("Rad %(place)d är för lång.") % {"place": place} for place, text in typed if len(text) > 300]
        self._refuse(too_long, len(typed))
        return [text for _place, text in typed]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = set(data.get("school_forms", ()))
        if data.get("school_years") and chosen and not chosen & _FORMS_WITH_YEARS:
            self.add_error(
                "school_years", _("Årskurser gäller grundskolan. Kryssa i den ovanför, eller ta bort årskurserna.")
            )
        return data

    def _refuse(self, problems: list[str], lines: int) -> None:
        if lines > MOST_LINES:
            problems.append(_("Skriv högst %(n)d rader.") % {"n": MOST_LINES})
        if problems:
            raise forms.ValidationError(problems)

    def details(self) -> offers.OfferDetails:
        data = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        return offers.OfferDetails(**data)

    def seen_at(self) -> datetime | None:
        """Which version the form began from. What cannot be read is no version that anybody has seen."""
        typed = self.cleaned_data["seen"]
        try:
            return (parse_datetime(typed) or _NEVER) if typed else None
        except ValueError:
            return _NEVER

    def begin_from(self, offer: SchoolOffer | None) -> None:
        """Let this form, sent again, take the place of `offer`."""
        data = cast(QueryDict, self.data).copy()
        data["seen"] = _seen(offer)
        self.data = data


_NEVER = datetime(1, 1, 2, tzinfo=UTC)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def school_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """What the initiative offers to schools, to be written by those who may."""
    related = ("school_offer__updated_by", "merged_into")
    initiative = get_object_or_404(Initiative.objects.select_related(*related), pk=pk)
    user = person(request)
    if initiative.merged_into:
        return redirect("school_offer", initiative.merged_into.pk)
    if not may_edit_offer(user, initiative):
        raise PermissionDenied
    offer: SchoolOffer | None = getattr(initiative, "school_offer", None)
    if request.method != "POST":
        return _page(request, initiative, OfferForm(initial=typed_of(offer)))
    form = OfferForm(request.POST)
    if not form.is_valid():
        return _page(request, initiative, form, status=422)
    try:
        offers.save_offer(initiative, form.details(), seen_at=form.seen_at(), by=user)
    except offers.TakesNoClasses:
        form.add_error(
            "takes_classes", _("Initiativet är avbrutet och kan inte ta emot klasser. Ta bort krysset och spara igen.")
        )
        return _page(request, initiative, form, status=422)
    except offers.InitiativeIsGone:
        form.add_error(None, _("Initiativet är borttaget ur stadens databas, så skolerbjudandet går inte att ändra."))
        return _page(request, initiative, form, status=422)
    except offers.ChangedMeanwhile as other:
        form.begin_from(other.offer)
        return _page(request, initiative, form, other=other.offer, status=409)
    messages.success(request, _("Skolerbjudandet är sparat."))
    return redirect(initiative)


def _page(
    request: HttpRequest,
    initiative: Initiative,
    form: OfferForm,
    *,
    other: SchoolOffer | None = None,
    status: int = 200,
) -> HttpResponse:
    easy_read = str(form["easy_read"].value() or "")
    context = {
        "initiative": initiative,
        "form": form,
        "other": other,
        "differences": _differences(form, other) if other else [],
        "text_reading": reading_of(initiative),
        "easy_reading": reading(easy_read),
        "may_decide_links": may_decide_links(request.user),
    }
    return render(request, "editing/school_offer.html", context, status=status)


def typed_of(offer: SchoolOffer | None) -> dict[str, Any]:
    """The offer as it would be typed in the form."""
    if offer is None:
        return {"seen": ""}
    return {
        "seen": _seen(offer),
        "takes_classes": offer.takes_classes,
        "how": offer.how,
        "easy_read": offer.easy_read,
        "hard_words": "\n".join(f"{one.get('word', '')}: {one.get('meaning', '')}" for one in offer.hard_words),
        "questions": "\n".join(str(question) for question in offer.questions),
        "school_forms": offer.school_forms,
        "school_years": offer.school_years,
    }


def _differences(form: OfferForm, other: SchoolOffer) -> list[tuple[str, str]]:
    """The fields that somebody else has saved otherwise than they are typed here: label, and what she saved."""
    theirs, mine = other, form.details().columns()
    shown = typed_of(theirs)
    told = []
    for name, value in mine.items():
        if getattr(theirs, name) == value:
            continue
        text = shown[name]
        if name == "takes_classes":
            text = _("Ja") if text else _("Nej")
        elif name == "school_forms":
            text = ", ".join(str(SchoolForm(form_).label) for form_ in text if form_ in SchoolForm.values)
        elif name == "school_years":
            text = ", ".join(str(year) for year in text)
        told.append((str(form.fields[name].label), text or _("(tomt)")))
    return told


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines with something on them, each with its number."""
    cleaned = ((place, line(typed)) for place, typed in enumerate(normal(text).splitlines(), start=1))
    return [(place, typed) for place, typed in cleaned if typed]


def _seen(offer: SchoolOffer | None) -> str:
    return offer.updated_at.isoformat() if offer else ""
