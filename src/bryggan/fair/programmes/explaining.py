"""The planner's reasons, which are codes, minutes and keys, made into reasons that people can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bryggan.fair.planning import planner
from bryggan.fair.programmes.offers import minute_text
from bryggan.fair.programmes.reasons import Param, Reason

# Parameters that are minutes after midnight.
_CLOCKS = frozenset({"begins", "ends", "time", "arrive", "back", "opens", "closes"})
_NAMED = frozenset({"what", "from"})
Named = Callable[[object], str]


def reason_of(why: planner.Why, *, session: Named, place: Named) -> Reason:
    """The reason to tell. `session` and `place` name what the planner knows by its key."""
    code = str(why.code)
    params: dict[str, Param] = {}
    for name, value in why.params.items():
        if name in _CLOCKS and isinstance(value, int):
            params[name] = minute_text(value)
        elif name == "what":
            params[name] = session(value)
        elif name == "from":
            params[name] = place(value)
        elif name == "instead":
            params[name] = _joined(session(key) for key in value if key is not None)  # type: ignore[attr-defined]
        elif isinstance(value, str | int):
            params[name] = value
    if code == planner.Code.NO_TIME and not params.get("instead"):
        code = "no time at all"
    if code == planner.Code.CLOSED and "opens" in params:
        code = "only given"
    return Reason(code, params)


def _joined(names: Iterable[str]) -> str:
    """Two of them are enough to understand."""
    return " och ".join([name for name in names if name][:2])
