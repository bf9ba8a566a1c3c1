"""Days for several classes of a school at once, who share what seats there are. One class is `proposing.py`'s."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Fair
from bryggan.fair.planning.wholeschool import ClassDay, Supply, plan_school
from bryggan.fair.programmes.fit import Interests, fits
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.offers import offers_of, planners_frame, sessions_of
from bryggan.fair.programmes.proposals import Proposal
from bryggan.fair.programmes.proposing import Material, belongs, not_a_day, nothing, proposal_of, why_nothing
from bryggan.fair.programmes.queries import SCHOOL, Ground, ground_of, occasions_of
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.seating import seats
from bryggan.fair.seating.standing import standings_of

# More than any school brings on one day.
MOST_CLASSES = 60


def propose_for_classes(
    classes: Sequence[SchoolClass],
    fair: Fair,
    on: date,
    *,
    frames: Mapping[int, Frame] | None = None,
    interests: Mapping[int, Interests] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Proposal]:
    """A day for each class, in the order given: together they need no more seats than are left.

    `frames` and `interests` are by the classes' ids; the usual ones where there are none. `progress` is told how much
    is done, of how much. Some ten statements for each class. Raises ValueError for more classes than any school has.
    """
    if len(classes) > MOST_CLASSES:
        raise ValueError(f"at most {MOST_CLASSES} classes are planned at once, not {len(classes)}")
    impossible = not_a_day(fair, on)
    materials: list[Material] = []
    grounds: dict[int, Ground] = {}
    supplies: dict[object, Supply] = {}
    occasions = None
    left = None
    answers: dict[int, Proposal] = {}
    for school_class in classes:
        ground = _ground(grounds, fair, school_class)
        frame = replace((frames or {}).get(school_class.pk) or ground.frame(school_class, on), on=on)
        message = impossible or (Reason("class put away") if school_class.archived_at is not None else None)
        if message:
            answers[school_class.pk] = nothing(school_class, fair, ground, frame, message)
            continue
        if occasions is None or left is None:
            occasions = [one for one in occasions_of(ground, [on]) if belongs(one, on)]
            left = seats.seats_left(occasions)
        worths = fits(school_class, sessions_of(occasions), on=on, interests=(interests or {}).get(school_class.pk))
        standings = standings_of(school_class, [one.pk for one in occasions])
        offers = offers_of(ground, school_class, occasions, on, fits=worths, standings=standings, left=left)
        materials.append(Material(school_class, fair, ground, frame, tuple(offers)))
        for offer in offers:
            if offer.occasion.pk not in supplies and (supply := offer.supply()) is not None:
                supplies[offer.occasion.pk] = supply
    plans = plan_school([_class_day(material) for material in materials], supplies, progress=progress)
    for material, plan in zip(materials, plans, strict=True):
        empty = not any(stop.kind == "session" for stop in plan.stops)
        messages = [why_nothing(material)] if empty else []
        answers[material.school_class.pk] = proposal_of(material, plan, messages)
    return [answers[school_class.pk] for school_class in classes]


def _class_day(material: Material) -> ClassDay:
    return ClassDay(
        frame=planners_frame(material.frame, material.ground),
        candidates=[candidate for offer in material.offers for candidate in offer.shared()],
        walks=material.ground.walks,
    )


def _ground(grounds: dict[int, Ground], fair: Fair, school_class: SchoolClass) -> Ground:
    """The lay of the land, read once: from another school only the start is another."""
    school = school_class.school_unit
    if school.pk not in grounds:
        first = next(iter(grounds.values()), None)
        if first is None:
            grounds[school.pk] = ground_of(fair, school_class)
        else:
            position = None
            if school.latitude is not None and school.longitude is not None:
                position = (school.latitude, school.longitude)
            walks = replace(first.walks, positions={**first.walks.positions, SCHOOL: position})
            grounds[school.pk] = replace(first, school=school, walks=walks)
    return grounds[school.pk]
