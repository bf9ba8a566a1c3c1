"""What a search is called until its person calls it something else."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from bryggan.alignment.index import PLAIN_FACETS
from bryggan.alignment.saving import LONGEST_NAME
from bryggan.alignment.searching import Query, labels
from bryggan.curriculum.models import CoreContent, SchoolForm

# Chosen values named one by one; more than these are counted.
MOST_NAMED = 2


def proposed_name(query: Query) -> str:
    """`Biologi, åk 7–9, tar emot klasser`: the chosen values as people say them, what is taught first.

    One statement more when points of central content are chosen.
    """
    name = ", ".join(_named(query)) or _("Alla initiativ")
    return Truncator(name[:1].upper() + name[1:]).chars(LONGEST_NAME)


def _named(query: Query) -> Iterator[str]:
    if query.text:
        yield _("”%(text)s”") % {"text": Truncator(query.text).chars(60)}
    yield from _labelled("subject", query.subject)
    if query.years:
        years = " ".join(f"{first}–{last}" if first != last else str(first) for first, last in query.years)
        yield _("åk %(years)s") % {"years": years.replace(" ", ", ")}
    elif query.school_form:
        yield from _listed([str(SchoolForm(form).label).lower() for form in query.school_form])
    if query.core_content:
        texts = CoreContent.objects.filter(key__in=query.core_content).order_by("key").values_list("text", flat=True)
        yield from _listed([Truncator(text.rstrip(".")).chars(50) for text in texts])
    for facet in ("level", "programme", "orientation", *PLAIN_FACETS):
        yield from _labelled(facet, getattr(query, facet))
    if query.takes_classes is not None:
        yield _("tar emot klasser") if query.takes_classes else _("tar inte emot klasser")


def _labelled(facet: str, values: tuple[str, ...]) -> Iterator[str]:
    if values:
        names = labels(facet)
        yield from _listed([names.get(value, value) for value in values])


def _listed(names: list[str]) -> Iterator[str]:
    yield from names[:MOST_NAMED]
    if len(names) > MOST_NAMED:
        yield _("%(n)d till") % {"n": len(names) - MOST_NAMED}
