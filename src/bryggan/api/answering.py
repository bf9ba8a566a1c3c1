"""How the open data answers and refuses: one place for every part of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext as _

from bryggan.alignment.asking import Problem


class Refused(Exception):
    """The request holds something that is not understood: 422 with `detail`."""


def answer(data: Any, status: int = 200) -> HttpResponse:
    """JSON that any site may read."""
    made = HttpResponse(msgspec.json.encode(data), content_type="application/json; charset=utf-8", status=status)
    made["Access-Control-Allow-Origin"] = "*"
    return made


def refuse_problems(problems: Iterable[Problem]) -> None:
    """Raises Refused for the first thing that was not understood."""
    for problem in problems:
        if problem.why == "ended":
            # An ended point's id stays valid: it is answered for by its successors.
            continue
        if problem.why == "unknown parameter":
            raise Refused(_("Okänd parameter: %(name)s") % {"name": problem.parameter})
        raise Refused(
            _("Parametern %(name)s förstås inte: %(value)s") % {"name": problem.parameter, "value": problem.value}
        )
