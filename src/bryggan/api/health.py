"""For whoever watches over the service: is the process alive, and can it do its work?"""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from bryggan.alignment import index as indexes


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and the index is made; 503 and what is wrong otherwise."""
    try:
        with indexes.current() as index:
            return JsonResponse({"status": "ok", "initiatives": len(index.entries)})
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
