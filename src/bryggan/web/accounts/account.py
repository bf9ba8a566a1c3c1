"""The account page, the person's schools, and confirming colleagues."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts import actions
from bryggan.accounts.models import SchoolMembership, SchoolUnit
from bryggan.web.accounts.forms import NameForm, SchoolSearchForm
from bryggan.web.accounts.guards import editors_only, next_address, person, start_page, teachers_only

# More hits than this are not read: the teacher writes another word instead.
MOST_SCHOOLS = 30


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """My roles, schools and name; posting changes the name."""
    user = person(request)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        actions.rename(user, form.cleaned_data["name"])
        messages.success(request, _("Namnet är sparat."))
        return redirect("account")
    return _account_page(request, form, status=422 if form.errors else 200)


@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def choose_school(request: HttpRequest) -> HttpResponse:
    """Find a school unit by name and say that I work there."""
    user = person(request)
    search = SchoolSearchForm(request.GET)
    words = search.cleaned_data["q"] if search.is_valid() else ""
    error = ""
    if request.method == "POST":
        chosen = request.POST.get("school_unit", "")
        unit = SchoolUnit.objects.in_use().filter(pk=chosen).first() if _is_number(chosen) else None
        if unit:
            actions.join_school(user, unit)
            going_to = next_address(request)
            if user.school_classes.filter(archived_at__isnull=True).exists():
                return redirect(going_to or "account")
            return redirect(reverse("school_class_new") + (f"?{urlencode({'next': going_to})}" if going_to else ""))
        error = _("Välj en skola eller förskola i listan.")
    hits = SchoolUnit.objects.in_use().named_like(words).order_by("name", "code")[: MOST_SCHOOLS + 1]
    units = list(hits)
    context = {
        "search": search,
        "words": words,
        "units": units[:MOST_SCHOOLS],
        "has_more": len(units) > MOST_SCHOOLS,
        "error": error,
        "next": next_address(request),
        "later": next_address(request) or start_page(),
    }
    return render(request, "accounts/choose_school.html", context, status=422 if error else 200)


@require_POST
@teachers_only
def leave_school(request: HttpRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(SchoolMembership, pk=pk, user=person(request))
    try:
        actions.leave_school(membership)
    except actions.HasClassesHere:
        error = _("Lägg först undan dina klasser på skolan. Sedan kan du lämna den.")
        return _account_page(request, NameForm(initial={"name": person(request).name}), error=error, status=422)
    messages.success(request, _("Du har lämnat %(school)s.") % {"school": membership.school_unit})
    return redirect("account")


@require_POST
@login_required
def decide_membership(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a colleague, or say that she does not work there."""
    user = person(request)
    visible = SchoolMembership.objects.filter(pk=pk).select_related("user", "school_unit")
    if not user.is_editor:
        # What a colleague elsewhere may not decide, she may not know of either.
        visible = visible & SchoolMembership.objects.that_can_be_decided_by(user)
    membership = visible.first()
    going_to = next_address(request) or reverse("account")
    if membership is None:
        if user.is_teacher:
            messages.info(request, _("Det är redan avgjort."))
            return redirect(going_to)
        raise PermissionDenied
    names = {"name": str(membership.user), "school": str(membership.school_unit)}
    try:
        if request.POST.get("decision") == "decline":
            actions.decline_membership(membership, by=user)
            messages.success(request, _("%(name)s hör inte längre till %(school)s.") % names)
        else:
            actions.confirm_membership(membership, by=user)
            messages.success(request, _("%(name)s är bekräftad på %(school)s.") % names)
    except actions.NotAllowed as error:
        raise PermissionDenied from error
    return redirect(going_to)


@editors_only
@require_safe
def waiting_teachers(request: HttpRequest) -> HttpResponse:
    """The editors' list of teachers whose school nobody has confirmed."""
    waiting = (
        SchoolMembership.objects.waiting()
        .filter(user__is_active=True)
        .select_related("user", "school_unit")
        .order_by("school_unit__name", "began_at", "pk")
    )
    return render(request, "accounts/waiting_teachers.html", {"waiting": waiting})


def _account_page(request: HttpRequest, form: NameForm, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    memberships = user.school_memberships.select_related("school_unit")
    waiting = SchoolMembership.objects.none()
    if user.is_teacher:
        waiting = SchoolMembership.objects.that_can_be_decided_by(user)
    context = {
        "form": form,
        "error": error,
        "memberships": memberships,
        "coordinations": user.coordinations.select_related("department", "company"),
        "waiting": waiting.select_related("user", "school_unit").order_by("school_unit__name", "began_at", "pk"),
    }
    return render(request, "accounts/account.html", context, status=status)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
