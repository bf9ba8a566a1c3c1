"""Initiatives by the thousand for the benches: Swedish text of 60–200 words, eight multi-valued facets.

Words come from the hunspell-sv list with Zipf's frequencies; facet sizes and values per initiative are
those that peers were measured with (30/400/60/13/40/80/8/12 values). Seeded, so every run is the same.
"""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

from django.db import transaction

from bryggan.accounts.models import Department
from bryggan.alignment.models import Alignment, AlignmentRun, ProgrammeFit
from bryggan.common.models import DataVersion
from bryggan.curriculum.models import CoreContent, Programme
from bryggan.initiatives.models import Challenge, Initiative, SchoolOffer, Source, Term

BATCH = 2000


def words(size: int, chance: random.Random) -> tuple[list[str], list[float]]:
    """A vocabulary, and how often each word and all before it are written."""
    from bryggan.alignment import swedish

    listed = sorted(word for word in swedish._word_list().lemmas if len(word) > 2)
    chance.shuffle(listed)
    chosen = listed[:size]
    return chosen, list(itertools.accumulate(1 / (rank + 10) for rank in range(len(chosen))))


@transaction.atomic
def initiatives(number: int, *, seed: int = 1) -> None:
    """Write `number` initiatives with texts, terms, links to the curriculum in the database, and programmes."""
    chance = random.Random(seed)
    vocabulary, weights = words(60_000, chance)
    source = Source.objects.get_or_create(name="bench", defaults={"is_active": False})[0]

    def terms(kind: str, size: int) -> list[Term]:
        made = [Term(kind=kind, slug=f"{kind}-{n}", name=f"{vocabulary[n].title()} {n}") for n in range(size)]
        return Term.objects.bulk_create(made)

    categories, sectors = terms("category", 12), terms("sector", 80)
    technologies, goals, statuses = terms("technology", 60), terms("goal", 17), terms("status", 6)
    departments = Department.objects.bulk_create(
        [Department(slug=f"forvaltning-{n}", name=f"Förvaltning {n}") for n in range(40)]
    )
    challenges = Challenge.objects.bulk_create(
        [Challenge(source=source, remote_id=str(n), title=f"Hur kan {vocabulary[n + 500]}?") for n in range(400)]
    )
    points = list(CoreContent.objects.current().values_list("pk", flat=True))
    programmes = list(Programme.objects.filter(ended_at=None).values_list("pk", flat=True))
    began = datetime(2018, 1, 1, tzinfo=UTC)
    for start in range(0, number, BATCH):
        rows = []
        for n in range(start, min(start + BATCH, number)):
            text = chance.choices(vocabulary, cum_weights=weights, k=chance.randint(60, 200))
            third = len(text) // 3
            rows.append(
                Initiative(
                    source=source,
                    remote_id=str(n),
                    slug=f"initiativ-{n}",
                    title=" ".join(chance.choices(vocabulary, cum_weights=weights, k=4)).capitalize(),
                    summary=" ".join(text[:20]),
                    what_html=f"<p>{' '.join(text[:third])}</p>",
                    why_html=f"<p>{' '.join(text[third : 2 * third])}</p>",
                    how_html=f"<p>{' '.join(text[2 * third :])}</p>",
                    category=chance.choice(categories),
                    status=chance.choice(statuses),
                    department=chance.choice(departments),
                    challenge=chance.choice(challenges) if chance.random() < 0.6 else None,
                    source_created_at=began + timedelta(hours=n),
                    mapped_hash=f"bench-{n}",
                )
            )
        made = Initiative.objects.bulk_create(rows, batch_size=500)
        through = Initiative.terms.through
        links, alignments, fits, offers = [], [], [], []
        for one in made:
            chosen = {
                *chance.sample(sectors, chance.randint(1, 3)),
                *chance.sample(technologies, chance.randint(0, 3)),
                *chance.sample(goals, chance.randint(1, 4)),
            }
            links += [through(initiative_id=one.pk, term_id=term.pk) for term in chosen]
            for point in chance.sample(points, min(len(points), chance.randint(0, 20))):
                score = chance.random()
                strength = "strong" if score > 0.4 else "possible"
                alignments.append(
                    Alignment(
                        initiative_id=one.pk,
                        core_content_id=point,
                        score=score,
                        strength=strength,
                        reason="Handlar om det.",
                    )
                )
            fits += [
                ProgrammeFit(initiative_id=one.pk, programme_id=programme, score=chance.random())
                for programme in chance.sample(programmes, min(len(programmes), chance.randint(0, 4)))
            ]
            if chance.random() < 0.4:
                offers.append(SchoolOffer(initiative_id=one.pk, takes_classes=True))
        through.objects.bulk_create(links, batch_size=2000)
        Alignment.objects.bulk_create(alignments, batch_size=2000)
        ProgrammeFit.objects.bulk_create(fits, batch_size=2000)
        SchoolOffer.objects.bulk_create(offers, batch_size=2000)
        AlignmentRun.objects.bulk_create(
            [AlignmentRun(initiative_id=one.pk, text_hash=one.mapped_hash, method_hash="bench") for one in made],
            batch_size=2000,
        )
    DataVersion.touch("initiatives")
