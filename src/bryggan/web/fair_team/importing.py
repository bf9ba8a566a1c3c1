"""Reading the fair's programme in from a file or an address: looked over first, then taken in by a button."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bryggan.common.fetching import FetchError
from bryggan.fair import exports
from bryggan.fair.imports import importing, sheet_writing
from bryggan.fair.imports.remote import NotReadable, Reading
from bryggan.fair.imports.sheet_columns import COLUMNS
from bryggan.fair.models import Fair
from bryggan.fair.permissions import may_import
from bryggan.web.accounts.guards import person
from bryggan.web.editing.views import permitted
from bryggan.web.fair_team.common import team_fair
from bryggan.web.fair_team.forms import FileForm

# Of a long list: the rest is counted.
MOST_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_import)
def fair_import(request: HttpRequest) -> HttpResponse:
    """Choose a file, look at what it would change, and take it in. Nothing is written before the last button."""
    fair = team_fair()
    if request.method != "POST":
        return _page(request, fair, FileForm())
    if "reading" in request.POST:
        return _take_in(request, fair)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, fair, form, status=422)
    file, address = form.cleaned_data["file"], form.cleaned_data["address"]
    try:
        reading = importing.read(file.read() if file else importing.fetch(address), fair=fair)
    except NotReadable as error:
        form.add_error("file" if file else "address", str(error))
        return _page(request, fair, form, status=422)
    except FetchError:
        form.add_error("address", _("Adressen svarade inte med en fil. Kontrollera den, eller hämta filen själv."))
        return _page(request, fair, form, status=422)
    return _preview(request, fair, reading)


@require_safe
@permitted(may_import)
def fair_file(request: HttpRequest, what: str, kind: str) -> HttpResponse:
    """The table to fill in, or the programme as it stands in the same form: changed there, it can be read in again."""
    fair = team_fair()
    if what == "mall":
        content = sheet_writing.template_xlsx() if kind == "xlsx" else sheet_writing.template_csv()
    else:
        content = sheet_writing.export_xlsx(fair) if kind == "xlsx" else sheet_writing.export_csv(fair)
    answer = HttpResponse(content, content_type=exports.XLSX if kind == "xlsx" else exports.CSV)
    answer["Content-Disposition"] = f'attachment; filename="{fair.slug}-{what}.{kind}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _take_in(request: HttpRequest, fair: Fair) -> HttpResponse:
    try:
        reading = importing.unpack(request.POST["reading"])
    except NotReadable as error:
        form = FileForm()
        messages.error(request, str(error))
        return _page(request, fair, form, status=422)
    try:
        outcome = importing.take_in(
            fair,
            reading,
            by=person(request),
            cancel_gone=request.POST.get("cancel_gone") == "on",
            skip_faulty=request.POST.get("skip_faulty") == "on",
        )
    except importing.HasErrors as error:
        return _preview(request, fair, reading, error.preview, status=422)
    messages.success(
        request,
        _("Inläst: %(created)d nya, %(updated)d ändrade, %(unchanged)d oförändrade och %(cancelled)d inställda.")
        % {
            "created": outcome.created,
            "updated": outcome.updated,
            "unchanged": outcome.unchanged,
            "cancelled": outcome.cancelled,
        },
    )
    return redirect("fair_supply")


def _preview(
    request: HttpRequest,
    fair: Fair,
    reading: Reading,
    seen: importing.Preview | None = None,
    status: int | None = None,
) -> HttpResponse:
    seen = seen or importing.preview(fair, reading)
    context = {
        "fair": fair,
        "form": FileForm(),
        "columns": COLUMNS,
        "seen": seen,
        "lists": [
            (_("Nya"), seen.created[:MOST_SHOWN], len(seen.created)),
            (_("Ändras"), seen.updated[:MOST_SHOWN], len(seen.updated)),
            (_("Finns inte i filen"), seen.gone[:MOST_SHOWN], len(seen.gone)),
        ],
        "errors": seen.errors[:MOST_SHOWN],
        "warnings": seen.warnings[:MOST_SHOWN],
        "packed": importing.pack(reading),
        "classes": sum(one.classes for one in (*seen.updated, *seen.gone)),
        "has_something": bool(seen.created or seen.updated or seen.gone),
    }
    return render(request, "fair_team/import.html", context, status=status or (422 if seen.errors else 200))


def _page(request: HttpRequest, fair: Fair, form: FileForm, status: int = 200) -> HttpResponse:
    return render(request, "fair_team/import.html", {"fair": fair, "form": form, "columns": COLUMNS}, status=status)
