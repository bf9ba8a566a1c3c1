"""My classes: only a class's own teachers see it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts import actions
from bryggan.accounts.models import SchoolClass
from bryggan.common import rate_limits
from bryggan.web.accounts.forms import ClassForm, ColleagueForm
from bryggan.web.accounts.guards import next_address, person, teachers_only


@teachers_only
@require_safe
def class_list(request: HttpRequest) -> HttpResponse:
    classes = SchoolClass.objects.taught_by(person(request)).select_related("school_unit", "programme")
    return render(request, "accounts/classes.html", {"classes": classes})


@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_class(request: HttpRequest) -> HttpResponse:
    """Make a class. The same form sent twice leads to the one class."""
    user = person(request)
    if not user.school_memberships.filter(school_unit__ended_at__isnull=True).exists():
        return redirect(f"{reverse('choose_school')}?{urlencode({'next': request.get_full_path()})}")
    form = ClassForm(request.POST if request.method == "POST" else None, teacher=user)
    if form.is_valid():
        try:
            made = actions.create_class(form.details(), form_token=form.cleaned_data["token"], by=user)
            return redirect(next_address(request) or made)
        except actions.NotAtThisSchool:
            form.add_error("school_unit", _("Välj en av dina egna skolor."))
        except actions.FormAlreadySent:
            form.renew_token()
            form.add_error(None, _("Formuläret var redan skickat. Titta igenom det och skicka det igen."))
    return _form_page(request, form, status=422 if form.is_bound else 200)


@login_required
@require_safe
def one_class(request: HttpRequest, pk: int) -> HttpResponse:
    return _class_page(request, _own_class(request, pk), ColleagueForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_class(request: HttpRequest, pk: int) -> HttpResponse:
    school_class = _own_class(request, pk)
    form = ClassForm(
        request.POST if request.method == "POST" else None, teacher=person(request), school_class=school_class
    )
    if form.is_valid():
        try:
            actions.change_class(school_class, form.details(), by=person(request))
            messages.success(request, _("Ändringarna är sparade."))
            return redirect(school_class)
        except actions.NotAtThisSchool:
            form.add_error("school_unit", _("Välj en av dina egna skolor."))
    return _form_page(request, form, school_class, status=422 if form.is_bound else 200)


@require_POST
@login_required
def archive_class(request: HttpRequest, pk: int) -> HttpResponse:
    school_class = _own_class(request, pk)
    actions.archive_class(school_class, by=person(request))
    messages.success(request, _("%(label)s är undanlagd.") % {"label": school_class})
    return redirect("classes")


@require_POST
@login_required
def add_teacher(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a colleague teach the class too. Whom we know of is not told: one answer for every address that fails."""
    school_class = _own_class(request, pk)
    user = person(request)
    form = ColleagueForm(request.POST)
    if form.is_valid():
        if not rate_limits.allowed(f"colleagues by {user.pk}", limit=30, per=timedelta(hours=1)):
            form.add_error("email", _("Det blev många försök. Vänta en timme och försök igen."))
            return _class_page(request, school_class, form, status=429)
        try:
            colleague = actions.add_teacher(school_class, email=form.cleaned_data["email"], by=user)
            messages.success(request, _("%(name)s är nu också lärare för klassen.") % {"name": colleague})
            return redirect(school_class)
        except actions.NoSuchColleague:
            form.add_error(
                "email",
                _("Vi hittar ingen bekräftad lärare på %(school)s med den adressen. Be kollegan logga in först.")
                % {"school": school_class.school_unit},
            )
    return _class_page(request, school_class, form, status=422)


def _own_class(request: HttpRequest, pk: int) -> SchoolClass:
    user = person(request)
    if not user.is_teacher:
        raise Http404
    mine = SchoolClass.objects.taught_by(user).select_related("school_unit", "programme")
    return get_object_or_404(mine, pk=pk)


def _class_page(
    request: HttpRequest, school_class: SchoolClass, form: ColleagueForm, status: int = 200
) -> HttpResponse:
    context = {
        "school_class": school_class,
        "subjects": school_class.subjects.order_by("name", "code"),
        "orientation": school_class.orientation,
        "teachers": school_class.teachers.order_by("name", "email"),
        "form": form,
    }
    return render(request, "accounts/class.html", context, status=status)


def _form_page(
    request: HttpRequest, form: ClassForm, school_class: SchoolClass | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "school_class": school_class, "next": next_address(request)}
    return render(request, "accounts/class_form.html", context, status=status)
