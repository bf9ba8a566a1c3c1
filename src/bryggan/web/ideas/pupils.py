"""An initiative as pupils read it: easy words, hard ones explained, a picture, the question of the day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bryggan.common.safe_html import text_of
from bryggan.initiatives.models import Initiative
from bryggan.web.explore.cards import pattern_of
from bryggan.web.sheets.lesson_sheet import first_questions, hard_words_of


@require_safe
def pupil_page(request: HttpRequest, address: str) -> HttpResponse:
    """The same for everybody: nothing of who asks."""
    match = re.match(r"([0-9]{1,18})(?:-|\Z)", address)
    if not match:
        raise Http404
    rows = Initiative.objects.select_related("school_offer", "category", "status")
    initiative = get_object_or_404(rows, pk=int(match[1]))
    if initiative.merged_into_id:
        heir = get_object_or_404(Initiative, pk=initiative.merged_into_id)
        return HttpResponsePermanentRedirect(reverse("pupil_page", args=[heir.pk]))
    offer = getattr(initiative, "school_offer", None)
    easy = offer.easy_read.strip() if offer else ""
    picture = initiative.pictures.filter(fetched_at__isnull=False).prefetch_related("files").first()
    context = {
        "initiative": initiative,
        "text": easy or initiative.summary or text_of(initiative.what_html)[:1200],
        "is_easy_read": bool(easy),
        "hard_words": hard_words_of(offer.hard_words if offer else []),
        "question": question_of_the_day(first_questions(initiative), timezone.localdate(), initiative.pk),
        "picture": picture,
        "files": list(picture.files.all()) if picture else [],
        "pattern": pattern_of(initiative.category_id),
    }
    return render(request, "ideas/pupil.html", context)


def question_of_the_day(questions: Sequence[str], day: date, number: int) -> str:
    """One of the questions, the same all day, the next one tomorrow; "" for none."""
    return questions[(day.toordinal() + number) % len(questions)] if questions else ""
