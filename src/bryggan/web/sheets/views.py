"""The lesson sheet of an initiative: a page to print, and the same on one A4 page as PDF."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from bryggan.initiatives.models import Initiative
from bryggan.web.sheets import pdf
from bryggan.web.sheets.lesson_sheet import LessonSheet, class_address, class_of, lesson_sheet
from bryggan.web.sheets.typesetting import qr_code


@require_safe
def lesson_sheet_page(request: HttpRequest, address: str) -> HttpResponse:
    """The sheet as a page, with the class to choose above it."""
    sheet = _sheet(request, address)
    if isinstance(sheet, HttpResponse):
        return sheet
    context = {
        "sheet": sheet,
        "initiative": sheet.initiative,
        "code": qr_code(sheet.address),
        "pupil_code": qr_code(sheet.pupil_address),
        "no_points": pdf.no_points_text(sheet),
        "pdf": _address("lesson_sheet_pdf", sheet.initiative, sheet.parameters),
        "lines": range(8),
    }
    return render(request, "sheets/lesson_sheet.html", context)


@require_safe
def lesson_sheet_pdf(request: HttpRequest, address: str) -> HttpResponse:
    """The sheet on one page. Unchanged since the reader got it: 304, and no page is set."""
    sheet = _sheet(request, address)
    if isinstance(sheet, HttpResponse):
        return sheet
    data = pdf.data_of(sheet)
    tag = pdf.tag_of(data)
    answer = get_conditional_response(request, etag=tag)
    if answer is None:
        answer = HttpResponse(pdf.pdf_of(data), content_type="application/pdf")
        name = sheet.initiative.slug or str(sheet.initiative.pk)
        answer["Content-Disposition"] = f'inline; filename="lektionsblad-{name}.pdf"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _sheet(request: HttpRequest, address: str) -> LessonSheet | HttpResponse:
    """The sheet, or a redirection to that of the initiative this one was merged into."""
    match = re.match(r"([0-9]{1,18})(?:-|\Z)", address)
    if not match:
        raise Http404
    related = ("source", "status", "school_offer")
    unread = ("raw", "why_html", "how_html", "lessons_html", "other_html", "funds", "impact_goals")
    rows = Initiative.objects.select_related(*related).defer(*unread)
    initiative = get_object_or_404(rows, pk=int(match[1]))
    query = class_of(dict(request.GET.lists()))
    if initiative.merged_into_id:
        heir = get_object_or_404(Initiative, pk=initiative.merged_into_id)
        name = request.resolver_match.url_name if request.resolver_match else "lesson_sheet"
        return HttpResponsePermanentRedirect(_address(str(name), heir, class_address(query)))
    return lesson_sheet(initiative, query)


def _address(name: str, initiative: Initiative, parameters: str) -> str:
    return reverse(name, args=[initiative.pk]) + (f"?{parameters}" if parameters else "")
