"""CPU per request and SQL statements for the list: page, open data, a naive database version, and the floor.

    .venv/bin/python bench/finding.py [--initiatives 5000] [--curriculum DIR] [--json]

Makes a database of its own in a temporary folder and throws it away. Every figure is CPU time of this
process (user and system) per answer, median of the queries after two warm-up rounds; the naive version
answers the same questions with the same rows by SQL alone, and the floor is the bare bitmap work. Memory is
that of a process which only makes the index, and makes it anew while the old one still answers.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import io
import json
import operator
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--initiatives", type=int, default=5000)
    parser.add_argument("--curriculum", type=Path, help="folder with Skolverket's files; the demo extract without")
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BRYGGAN_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="bryggan.config.settings")
        os.environ.pop("BRYGGAN_DATABASE_URL", None)
        sys.path.insert(0, str(Path(__file__).parent))
        import django

        django.setup()
        result = measure(options.initiatives, options.curriculum, options.queries)
    print(json.dumps(result, indent=None if options.json else 1, ensure_ascii=False))
    return 0


def measure(number: int, curriculum: Path | None, queries: int) -> dict[str, object]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    import generate
    from bryggan.alignment import index, searching
    from bryggan.web import staticfiles

    fill(curriculum)
    generate.initiatives(number)
    staticfiles.prepare()
    memory = json.loads(subprocess.check_output([sys.executable, "-c", MEMORY], text=True))

    began = time.process_time()
    with index.current():
        pass
    built = time.process_time() - began

    # As after a change of everything: the words are known, the index is made anew.
    index.forget()
    began = time.process_time()
    with index.current():
        pass
    rebuilt = time.process_time() - began

    client = Client()
    chance = random.Random(7)
    with index.current() as made:
        counts = made.texts.word_counts()
        vocabulary = sorted(counts, key=lambda word: (-counts[word], word))[20:300]
    asked = [addresses(chance, vocabulary) for _ in range(queries)]
    result: dict[str, object] = {
        "initiatives": number,
        "index_first_build_cpu_s": round(built, 2),
        "index_rebuild_cpu_s": round(rebuilt, 2),
        **memory,
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores",
    }
    for name, path in (("api", "/api/v1/initiatives"), ("page", "/utforska")):
        for address in asked[:5]:
            client.get(path + address)
        times, statements, sizes = [], [], []
        for address in asked:
            with CaptureQueriesContext(connection) as captured:
                client.get(path + address)
            statements.append(len(captured))
            times.append(cpu(lambda address=address, path=path: client.get(path + address)))
            sizes.append(len(gzip.compress(client.get(path + address).content)))
        result[name] = {
            "cpu_ms": round(statistics.median(times), 2),
            "cpu_ms_p95": round(sorted(times)[int(len(times) * 0.95)], 2),
            "sql": max(statements),
            "gzip_bytes": round(statistics.median(sizes)),
        }
    parsed = [query(address) for address in asked]
    result["hits_median"] = statistics.median(searching.search(q).count for q in parsed)
    result["search_only_cpu_ms"] = round(statistics.median(cpu(lambda q=q: searching.search(q)) for q in parsed), 2)
    result["first_answer_after_a_change_cpu_ms"] = round(statistics.median(after_a_change(q) for q in parsed[:10]), 1)
    naive_times, naive_statements = [], []
    for q in parsed[: max(5, queries // 6)]:
        with CaptureQueriesContext(connection) as captured:
            naive(q)
        naive_statements.append(len(captured))
        naive_times.append(cpu(lambda q=q: naive(q), repeat=1))
    result["naive_sql"] = {"cpu_ms": round(statistics.median(naive_times), 1), "sql": max(naive_statements)}
    with index.current() as made:
        result["floor_bitmaps_cpu_ms"] = round(statistics.median(cpu(lambda q=q: floor(made, q)) for q in parsed), 3)
    return result


# Resident megabytes of a process without and with the index, and the most it took to make the index anew.
MEMORY = """
import json
import django
django.setup()
from bryggan.alignment import index
from bryggan.common.models import DataVersion

def megabytes(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith(name))

told = {"process_mb": megabytes("VmRSS")}
with index.current():
    told["with_index_mb"] = megabytes("VmRSS")
DataVersion.touch("initiatives")
with index.current():
    told["most_when_made_anew_mb"] = megabytes("VmHWM")
print(json.dumps(told))
"""


def after_a_change(q: object) -> float:
    """Milliseconds of CPU to take in a change of one initiative and answer."""
    from bryggan.alignment import index, searching
    from bryggan.common.models import DataVersion

    with index.current() as made:
        number = made.all.max()
    DataVersion.touch("initiatives", [number])
    return cpu(lambda: searching.search(q), repeat=1)  # type: ignore[arg-type]


def fill(curriculum: Path | None) -> None:
    """An empty database with the curriculum: Skolverket's from a folder, or the demo extract."""
    from django.core.management import call_command

    from bryggan.curriculum.extracting import load_extract

    call_command("migrate", verbosity=0)
    if curriculum:
        call_command("import_curriculum", directory=str(curriculum), stdout=io.StringIO())
    load_extract()


def cpu(do: object, repeat: int = 3) -> float:
    """Milliseconds of CPU for one call, the least of `repeat`."""
    best = float("inf")
    for _ in range(repeat):
        began = time.process_time()
        do()  # type: ignore[operator]
        best = min(best, time.process_time() - began)
    return best * 1000


def addresses(chance: random.Random, vocabulary: list[str]) -> str:
    """Two words, three filters with two ticked values each."""
    parts = [f"q={chance.choice(vocabulary)}"]
    for name, prefix, size in (("sector", "sector", 80), ("goal", "goal", 17), ("technology", "technology", 60)):
        parts += [f"{name}={prefix}-{n}" for n in chance.sample(range(size), 6 if name != "goal" else 4)]
    return "?" + "&".join(parts)


def query(address: str) -> object:
    from django.http import QueryDict

    from bryggan.alignment import asking

    return asking.asked(dict(QueryDict(address[1:]).lists())).query


def naive(q: object) -> None:
    """The same answer as a plain database application gives it: LIKE, joins, and one GROUP BY per facet."""
    from django.db.models import Count, Q

    from bryggan.alignment.models import Alignment
    from bryggan.initiatives.models import Initiative

    def filtered(but: str | None):  # type: ignore[no-untyped-def]
        rows = Initiative.objects.published()
        for word in q.text.split():  # type: ignore[attr-defined]
            fields = ("title", "what_html", "why_html", "how_html")
            rows = rows.filter(
                functools.reduce(operator.or_, (Q(**{f"{field}__icontains": word}) for field in fields))
            )
        for facet in ("sector", "goal", "technology"):
            if facet != but and getattr(q, facet):
                links = Initiative.terms.through.objects.filter(term__kind=facet, term__slug__in=getattr(q, facet))
                rows = rows.filter(pk__in=links.values("initiative_id"))
        return rows

    rows = filtered(None)
    rows.count()
    list(rows.select_related("status", "category", "department")[:20])
    for kind in ("category", "sector", "technology", "goal"):
        list(filtered(kind).filter(terms__kind=kind).values("terms__slug").annotate(n=Count("pk", distinct=True)))
    for column in ("status__slug", "category__slug", "department__slug", "challenge_id"):
        list(filtered(None).values(column).annotate(n=Count("pk")))
    aligned = Alignment.objects.counting().filter(initiative__in=filtered(None))
    list(aligned.values("core_content__subject__code").annotate(n=Count("initiative", distinct=True)))


def floor(index: object, q: object) -> int:
    """The least work for filters and counts: bitmaps alone, no ranking, no rows."""
    from pyroaring import BitMap

    from bryggan.alignment.searching import PLAIN_FACETS

    chosen = [
        BitMap.union(*(index.by_value[facet].get(v, BitMap()) for v in getattr(q, facet)))  # type: ignore[attr-defined]
        for facet in PLAIN_FACETS
        if getattr(q, facet)
    ]
    base = BitMap.intersection(index.all, *chosen)  # type: ignore[attr-defined]
    return sum(base.intersection_cardinality(m) for facet in PLAIN_FACETS for m in index.by_value[facet].values())  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
