"""A company signs up; an editor lets it in, and says which partner it is and what it takes part in."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts import companies as actions
from bryggan.accounts.models import Company, CompanyApplication
from bryggan.accounts.sign_in import PupilAddress, TooManyTries
from bryggan.initiatives import partnerships
from bryggan.initiatives.models import Initiative, Term
from bryggan.initiatives.owners import initiatives_of, partnerships_of
from bryggan.invitations.permissions import may_decide_companies
from bryggan.web.accounts.guards import client_address, person
from bryggan.web.editing.views import permitted

MOST_LISTED = 100
MOST_FOUND = 30


class ApplicationForm(forms.Form):
    """What a company tells about itself."""

    use_required_attribute = False

    token = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Företagets eller föreningens namn"),
        max_length=200,
        help_text=gettext_lazy("Så som det står på stadens initiativ, om ni redan är partner."),
        error_messages={"required": gettext_lazy("Skriv vad ni heter.")},
    )
    person = forms.CharField(
        label=gettext_lazy("Ditt namn"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Skriv ditt namn.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("E-postadress"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": gettext_lazy("Skriv din e-postadress."),
            "invalid": gettext_lazy("Skriv en hel e-postadress, till exempel namn@foretag.se."),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("Vad vill ni göra med klasser?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Skriv några ord om vad ni vill göra.")},
    )


class NameForm(forms.Form):
    """What the company is called here: as the source calls the partner."""

    use_required_attribute = False

    name = forms.CharField(
        label=gettext_lazy("Namn"), max_length=200, error_messages={"required": gettext_lazy("Skriv ett namn.")}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def company_signup(request: HttpRequest) -> HttpResponse:
    """The public form. The answer is the same whoever the address belongs to."""
    form = ApplicationForm(request.POST or None, initial={"token": uuid.uuid4()})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            data = form.cleaned_data
            try:
                actions.apply(
                    name=data["name"], person=data["person"], email=data["email"], text=data["text"],
                    client=client_address(request), form_token=data["token"],
                )  # fmt: skip
            except PupilAddress:
                form.add_error("email", _("Den adressen hör till elever. Skriv en adress hos företaget."))
            except TooManyTries as error:
                answer = _signup_page(request, form, status=429, wait=-(-error.retry_after // 60))
                answer["Retry-After"] = str(error.retry_after)
                return answer
            else:
                messages.success(request, _("Tack! En redaktör läser er anmälan och svarar med ett brev."))
                return redirect("company_signup")
        status = 422
    return _signup_page(request, form, status=status)


@require_safe
@permitted(may_decide_companies)
def companies(request: HttpRequest) -> HttpResponse:
    """Who waits, and who is in, each with the initiatives that its name finds."""
    return _editors_page(request)


@require_POST
@permitted(may_decide_companies)
def decide_company(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve under a name, or refuse."""
    application = get_object_or_404(CompanyApplication, pk=pk)
    form = NameForm(request.POST, prefix=f"a{pk}")
    try:
        if request.POST.get("decision") == "refuse":
            actions.refuse(application, by=person(request))
            messages.success(request, _("Anmälan är avslagen. De får ett brev."))
        elif form.is_valid():
            company = actions.approve(application, name=form.cleaned_data["name"], by=person(request))
            messages.success(request, _found_text(company))
        else:
            return _editors_page(request, wrong=(f"a{pk}", form), status=422)
    except actions.AlreadyDecided:
        messages.info(request, _("Någon hann före: anmälan är redan avgjord."))
    return redirect("companies")


@require_POST
@permitted(may_decide_companies)
def rename_company(request: HttpRequest, pk: int) -> HttpResponse:
    """Tie a company to the city's partner of that name."""
    company = get_object_or_404(Company, pk=pk)
    form = NameForm(request.POST, prefix=f"c{pk}")
    if not form.is_valid():
        return _editors_page(request, wrong=(f"c{pk}", form), status=422)
    messages.success(request, _found_text(actions.rename(company, name=form.cleaned_data["name"], by=person(request))))
    return redirect("companies")


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_decide_companies)
def company(request: HttpRequest, pk: int) -> HttpResponse:
    """Which initiatives an approved company takes part in: as the source says, and as editors choose."""
    found = get_object_or_404(Company.objects.approved(), pk=pk)
    text = request.GET.get("q", "").strip()[:100]
    if request.method == "POST":
        number = request.POST.get("initiative", "")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise Http404
        initiative = get_object_or_404(Initiative.objects.readable(), pk=int(number))
        told = {"company": found.name, "title": initiative.title}
        if request.POST.get("do") == "add":
            partnerships.add(found, initiative, by=person(request))
            messages.success(request, _("%(company)s samordnar nu ”%(title)s”.") % told)
        elif request.POST.get("do") == "remove":
            partnerships.take_back(found, initiative, by=person(request))
            messages.success(request, _("%(company)s samordnar inte längre ”%(title)s”.") % told)
        else:
            raise Http404
        return redirect(f"{request.path}?{urlencode({'q': text})}" if text else request.path)
    own = initiatives_of([found]).order_by("title", "pk")
    chosen = set(found.partnerships.values_list("initiative", flat=True))
    hits = Initiative.objects.readable().exclude(pk__in=own.values("pk"))
    for word in text.split():
        hits = hits.filter(Q(title__icontains=word) | Q(title__icontains=word.capitalize()))
    context = {
        "company": found,
        "own": [(one, one.pk in chosen) for one in own[:MOST_LISTED]],
        "q": text,
        "hits": list(hits.order_by("title", "pk")[:MOST_FOUND]) if text else [],
    }
    return render(request, "desk/company.html", context)


def _signup_page(request: HttpRequest, form: ApplicationForm, *, status: int, wait: int = 0) -> HttpResponse:
    return render(request, "desk/company_signup.html", {"form": form, "wait": wait}, status=status)


def _editors_page(
    request: HttpRequest, *, wrong: tuple[str, NameForm] | None = None, status: int = 200
) -> HttpResponse:
    waiting = CompanyApplication.objects.filter(decided_at=None).order_by("made_at")[:MOST_LISTED]
    listed = list(Company.objects.approved().order_by("name")[:MOST_LISTED])
    partners = list(Term.objects.filter(kind=Term.Kind.PARTNER).order_by("name").values_list("name", flat=True)[:500])
    found = partnerships_of(listed)
    errors = {wrong[0]: wrong[1]} if wrong else {}

    def form(key: str, name: str) -> NameForm:
        return errors.get(key) or NameForm(prefix=key, initial={"name": name})

    known = {name.casefold() for name in partners}
    context = {
        "waiting": [(one, form(f"a{one.pk}", one.name), one.name.casefold() in known) for one in waiting],
        "companies": [(one, form(f"c{one.pk}", one.name), found.get(one.pk, 0)) for one in listed],
        "partners": partners,
    }
    return render(request, "desk/companies.html", context, status=status)


def _found_text(company: Company) -> str:
    number = partnerships_of([company]).get(company.pk, 0)
    if not number:
        return _("Sparat. Ingen partner på stadens initiativ heter %(name)s. Välj initiativ på företagets sida.") % {
            "name": company.name
        }
    text = ngettext(
        "Sparat. %(name)s samordnar %(n)d initiativ.", "Sparat. %(name)s samordnar %(n)d initiativ.", number
    )
    return text % {"name": company.name, "n": number}
