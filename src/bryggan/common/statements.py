"""Statements that are put together once for each process, and asked again and again with other keys.

Django puts every statement together anew each time it is asked, which for a page of many small statements costs more
than answering them. Where a page must be quick, its statements are told as functions of keys:

    _DAYS = Statement(lambda itinerary: ItineraryDay.objects.filter(itinerary=itinerary).order_by("on"))
    days = _DAYS(itinerary.pk)

The text of the statement is kept and its answers are not: each call asks the database. What the function returns may
depend on nothing but its keys, and each key may only be compared with a number: a row's id, or a list of ids with
`__in`. Rows are made as Django makes them, with related rows, deferred columns and `values_list`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")
# Stand where keys will be. No parameter of a statement's own is as large, and a column of 32 bits can hold them.
_FIRST_STAND_IN = 2_000_000_000
# Lists are filled up to even lengths with their last key, so that a few texts are enough; longer ones are not kept.
_STEP, _LONGEST = 8, 160
_MOST_SHAPES = 64


@dataclass(frozen=True)
class _Kept(Generic[R]):
    """A statement's text, and what reads its rows. `parameters`: the place of a key, or None and an own value."""

    queryset: QuerySet[Any, R]
    compiler: SQLCompiler
    text: str
    parameters: tuple[tuple[int | None, Any], ...]

    def rows(self, keys: Sequence[int]) -> list[R]:
        parameters = tuple(own if place is None else keys[place] for place, own in self.parameters)
        rows = self.queryset.all()
        # Of its own, because another thread has another connection.
        compiler = copy(self.compiler)
        compiler.connection = connections[rows.db]
        compiler.as_sql = lambda: (self.text, parameters)  # type: ignore[method-assign, misc, assignment]
        rows.query.get_compiler = lambda using: compiler  # type: ignore[method-assign, misc, assignment]
        return list(rows)


class Statement(Generic[R]):
    """The rows of `build(*keys)`, as a list."""

    def __init__(self, build: Callable[..., QuerySet[Any, R]]) -> None:
        self._build = build
        self._kept = lru_cache(maxsize=_MOST_SHAPES)(self._put_together)

    def __call__(self, *keys: int | Iterable[int]) -> list[R]:
        given = [key if isinstance(key, int) else list(key) for key in keys]
        lengths = [len(key) for key in given if isinstance(key, list)]
        if 0 in lengths:
            return []
        filled = [[key] if isinstance(key, int) else _filled_up(key) for key in given]
        flat = [one for full in filled for one in full]
        if max(lengths, default=0) > _LONGEST or max(flat, default=0) >= _FIRST_STAND_IN:
            # Django knows which numbers a column cannot hold.
            return list(self._build(*given))
        shape = tuple(len(full) if isinstance(key, list) else 0 for key, full in zip(given, filled, strict=True))
        return self._kept(shape).rows(flat)

    def _put_together(self, shape: tuple[int, ...]) -> _Kept[R]:
        """`shape`: of each key how long its list is, 0 for a number."""
        stand_ins: list[int | list[int]] = []
        end = _FIRST_STAND_IN
        for length in shape:
            stand_ins.append(list(range(end, end + length)) if length else end)
            end += length or 1
        queryset = self._build(*stand_ins)
        compiler = queryset.query.get_compiler(using=queryset.db)
        text, parameters = compiler.as_sql()
        places = range(_FIRST_STAND_IN, end)
        if not all(place in parameters for place in places):
            raise ValueError("a key of the statement is not among its parameters")
        found = ((one - _FIRST_STAND_IN, None) if one in places else (None, one) for one in parameters)
        return _Kept(queryset, compiler, text, tuple(found))


def _filled_up(keys: list[int]) -> list[int]:
    return keys + [keys[-1]] * (-len(keys) % _STEP)
