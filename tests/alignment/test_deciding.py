from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories
from bryggan.accounts.models import User
from bryggan.alignment import actions, aligning, deciding, meaning
from bryggan.alignment import index as indexes
from bryggan.alignment.models import Alignment, AlignmentRun
from bryggan.alignment.permissions import may_decide_links, may_see_coverage
from bryggan.common.models import AuditEntry
from bryggan.curriculum.extracting import load_extract
from bryggan.curriculum.models import CoreContent
from bryggan.initiatives.models import Initiative

State = Alignment.State


@pytest.fixture
def editor(db: None) -> User:
    return people.editor()


def link(initiative: Initiative | None = None, point: CoreContent | None = None, **columns: Any) -> Alignment:
    initiative = initiative or factories.initiative()
    point = point or factories.point("BIO")
    factories.align(initiative, point, **columns)
    return Alignment.objects.get(initiative=initiative, core_content=point)


def siblings(*codes: str, group: str = "samma ord") -> list[CoreContent]:
    return [factories.point(code, text="Vattnets kretslopp.", text_group=group) for code in codes]


def states(initiative: Initiative) -> dict[str, str]:
    rows = Alignment.objects.filter(initiative=initiative).values_list("core_content__subject__code", "state")
    return dict(rows.order_by("core_content"))


def facts(row: Alignment) -> tuple[Any, ...]:
    row.refresh_from_db()
    return row.state, row.wording, row.decided_by, row.decided_at, row.score, row.strength, row.reason


def last_decision() -> AuditEntry:
    return AuditEntry.objects.filter(verb__in=actions.DECISIONS).latest("pk")


def filtered_by(point: CoreContent) -> list[int]:
    """The initiatives that a filter on the point finds."""
    with indexes.current() as index:
        return sorted(index.by_point.get(point.key, []))


# Deciding


def test_a_confirmed_link_tells_who_when_and_which_wording(editor: User) -> None:
    row = link(strength="possible", score=0.4)

    actions.confirm(row, by=editor)

    row.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert (row.state, row.wording, row.decided_by, row.score) == ("confirmed", row.core_content.text, editor, 0.4)
    assert row.decided_at == entry.at
    assert (entry.by, entry.verb, entry.thing_type, entry.thing_id) == (
        editor,
        "confirmed a link",
        "alignment.alignment",
        str(row.pk),
    )
    assert entry.details == {
        "initiative": row.initiative_id,
        "point": row.core_content.key,
        "text": row.core_content.text,
        "state": "confirmed",
        "before": {str(row.pk): {"state": "suggested", "wording": "", "decided_by": None, "decided_at": None}},
    }


def test_filters_follow_a_decision_at_the_next_question(editor: User) -> None:
    strong, possible = link(), link(strength="possible")
    assert filtered_by(strong.core_content) == [strong.initiative_id]
    assert filtered_by(possible.core_content) == []

    actions.reject(strong, by=editor)
    actions.confirm(possible, by=editor)

    assert filtered_by(strong.core_content) == []
    assert filtered_by(possible.core_content) == [possible.initiative_id]


@pytest.mark.parametrize("decide", [actions.confirm, actions.reject])
def test_a_repeated_click_is_one_decision(editor: User, decide: Any) -> None:
    row = link()

    first = decide(row, by=editor)
    second = decide(row, by=people.editor())

    assert (second.decided_by, second.decided_at) == (editor, first.decided_at)
    assert AuditEntry.objects.count() == 1


def test_whoever_saw_another_state_is_told_and_changes_nothing(editor: User) -> None:
    row = link()
    actions.reject(row, by=editor)

    with pytest.raises(actions.DecidedMeanwhile) as told:
        actions.confirm(row, by=people.editor(), seen=State.SUGGESTED)

    assert (told.value.alignment.state, told.value.alignment.decided_by) == ("rejected", editor)
    row.refresh_from_db()
    assert row.state == State.REJECTED
    # Whoever saw that it was rejected may think otherwise.
    assert actions.confirm(row, by=editor, seen=State.REJECTED).state == State.CONFIRMED


@pytest.mark.parametrize("gone", [{"withdrawn_at": timezone.now()}, {"merged": True}])
def test_nothing_is_decided_about_an_initiative_that_is_gone(editor: User, gone: dict[str, Any]) -> None:
    row = link()
    if gone.pop("merged", False):
        gone = {"merged_into": factories.initiative()}
    Initiative.objects.filter(pk=row.initiative_id).update(**gone)

    for attempt in (
        lambda: actions.confirm(row, by=editor),
        lambda: actions.reject(row, by=editor),
        lambda: actions.add_link(row.initiative, factories.point("FYS"), by=editor),
    ):
        with pytest.raises(actions.InitiativeIsGone):
            attempt()
    assert (facts(row)[0], AuditEntry.objects.count()) == ("suggested", 0)


def test_a_stopped_initiative_is_good_teaching_material_and_is_judged(editor: User) -> None:
    row = link(factories.initiative(is_stopped=True))

    assert actions.confirm(row, by=editor).state == State.CONFIRMED


def test_nothing_is_decided_about_a_point_that_has_ended(editor: User) -> None:
    row = link()
    CoreContent.objects.update(ended_at=timezone.now())

    with pytest.raises(actions.PointHasEnded):
        actions.confirm(row, by=editor)
    with pytest.raises(actions.PointHasEnded):
        actions.add_link(factories.initiative(), row.core_content, by=editor)


def everybody() -> dict[str, tuple[User, bool, bool]]:
    """Who, whether she decides, whether she sees the coverage."""
    gone = people.editor()
    gone.is_active = False
    return {
        "editor": (people.editor(), True, True),
        "disabled editor": (gone, False, False),
        "administrator": (people.administrator(), False, True),
        "coordinator": (people.coordinator(), False, False),
        "teacher": (people.teacher(), False, False),
        "nobody": (people.user(), False, False),
    }


@pytest.mark.django_db
def test_only_editors_decide() -> None:
    row = link()
    point = factories.point("FYS")

    for user, decides, sees_coverage in everybody().values():
        assert may_decide_links(user) == decides
        assert may_see_coverage(user) == sees_coverage
        if not decides:
            for attempt in (
                lambda user=user: actions.confirm(row, by=user),
                lambda user=user: actions.reject(row, by=user),
                lambda user=user: actions.add_link(row.initiative, point, by=user),
                lambda user=user: actions.undo(AuditEntry(), by=user),
            ):
                with pytest.raises(actions.NotAllowed):
                    attempt()
    assert (states(row.initiative), AuditEntry.objects.count()) == ({"BIO": "suggested"}, 0)


# The same words in several subjects


def test_a_decision_counts_for_all_subjects_with_the_same_words_also_where_nothing_was_suggested(editor: User) -> None:
    biology, physics, chemistry = siblings("BIO", "FYS", "KEM")
    initiative = factories.initiative()
    row = link(initiative, biology, score=0.6)
    link(initiative, physics, score=0.6)

    actions.reject(row, by=editor)

    assert states(initiative) == {"BIO": "rejected", "FYS": "rejected", "KEM": "rejected"}
    made = Alignment.objects.get(core_content=chemistry)
    assert (made.score, made.strength, made.reason, made.wording, made.decided_by) == (
        row.score,
        row.strength,
        row.reason,
        chemistry.text,
        editor,
    )
    assert len(set(Alignment.objects.values_list("decided_at", flat=True))) == 1
    assert AuditEntry.objects.count() == 1


def test_other_initiatives_and_ended_siblings_are_left_alone(editor: User) -> None:
    biology, physics, chemistry = siblings("BIO", "FYS", "KEM")
    CoreContent.objects.filter(pk=chemistry.pk).update(ended_at=timezone.now())
    mine, other = factories.initiative(), factories.initiative()
    row = link(mine, biology)
    link(other, physics)

    actions.confirm(row, by=editor)

    assert states(mine) == {"BIO": "confirmed", "FYS": "confirmed"}
    assert states(other) == {"FYS": "suggested"}


def test_a_level_of_upper_secondary_school_is_judged_by_itself(editor: User) -> None:
    first, second = (factories.level_point("NATU", f"NATU{n}", "Hållbar utveckling.") for n in (1, 2))
    CoreContent.objects.update(text_group="samma")
    initiative = factories.initiative()
    row = link(initiative, first)
    other = link(initiative, second)

    actions.confirm(row, by=editor)

    assert (facts(row)[0], facts(other)[0]) == ("confirmed", "suggested")


def test_a_subject_that_came_later_is_taken_in_by_the_next_click(editor: User) -> None:
    (biology,) = siblings("BIO")
    row = link(factories.initiative(), biology)
    actions.confirm(row, by=editor)
    siblings("FYS")

    actions.confirm(row, by=editor)

    assert states(row.initiative) == {"BIO": "confirmed", "FYS": "confirmed"}
    actions.undo(last_decision(), by=editor)
    assert states(row.initiative) == {"BIO": "confirmed"}


# Adding


def test_an_added_link_is_confirmed_and_says_who_knew(editor: User) -> None:
    biology, _physics = siblings("BIO", "FYS")
    initiative = factories.initiative()

    added = actions.add_link(initiative, biology, by=editor)

    assert (added.state, added.score, added.strength, added.reason) == (
        "confirmed",
        1.0,
        "strong",
        "En redaktör har lagt till kopplingen.",
    )
    assert states(initiative) == {"BIO": "confirmed", "FYS": "confirmed"}
    assert filtered_by(biology) == [initiative.pk]
    assert last_decision().verb == "added a link"


def test_adding_again_changes_nothing(editor: User) -> None:
    initiative, point = factories.initiative(), factories.point("BIO")

    actions.add_link(initiative, point, by=editor)
    actions.add_link(initiative, point, by=people.editor())

    assert (Alignment.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_adding_what_was_suggested_or_rejected_confirms_it_with_its_own_reason(editor: User) -> None:
    for state in ("suggested", "rejected"):
        row = link(factories.initiative(), state=state, strength="possible", score=0.3)

        actions.add_link(row.initiative, row.core_content, by=editor)

        row.refresh_from_db()
        assert (row.state, row.score, row.strength) == ("confirmed", 0.3, "possible")
        assert row.reason.startswith("Handlar om")


# Taking back


def test_undo_leads_back_through_every_decision(editor: User) -> None:
    other = people.editor()
    row = link()
    suggested = facts(row)
    actions.confirm(row, by=editor)
    confirmed, first = facts(row), last_decision()
    actions.reject(row, by=other)
    rejected, second = facts(row), last_decision()
    actions.confirm(row, by=editor)
    third = last_decision()

    after = []
    for entry in (third, second, first):
        actions.undo(entry, by=other)
        after.append(facts(row))

    assert after == [rejected, confirmed, suggested]
    assert (confirmed[0], confirmed[2], rejected[0], rejected[2]) == ("confirmed", editor, "rejected", other)


def test_undo_takes_away_what_the_decision_made_and_puts_back_what_it_changed(editor: User) -> None:
    biology, _physics, chemistry = siblings("BIO", "FYS", "KEM")
    initiative = factories.initiative()
    row = link(initiative, biology)
    link(initiative, chemistry, strength="possible")

    actions.confirm(row, by=editor)
    left = actions.undo(last_decision(), by=editor)

    assert states(initiative) == {"BIO": "suggested", "KEM": "suggested"}
    assert {one.core_content_id for one in left} == {biology.pk, chemistry.pk}


def test_undoing_an_added_link_removes_it_from_filters(editor: User) -> None:
    initiative, point = factories.initiative(), factories.point("BIO")
    actions.add_link(initiative, point, by=editor)
    assert filtered_by(point) == [initiative.pk]

    assert actions.undo(last_decision(), by=editor) == []

    assert (Alignment.objects.count(), filtered_by(point)) == (0, [])


def test_undo_is_in_the_audit_trail_and_leaves_the_decision_there(editor: User) -> None:
    row = link()
    actions.confirm(row, by=editor)
    decision = last_decision()

    actions.undo(decision, by=editor)

    entry = AuditEntry.objects.latest("pk")
    assert (entry.by, entry.verb, entry.thing_id) == (editor, "took back a decision on a link", str(row.pk))
    assert (entry.details["decision"], entry.details["state"]) == (decision.pk, "confirmed")
    assert AuditEntry.objects.filter(pk=decision.pk).exists()


def test_a_decision_is_taken_back_once_and_not_from_under_a_later_one(editor: User) -> None:
    row = link()
    actions.confirm(row, by=editor)
    first = last_decision()
    actions.reject(row, by=editor)
    second = last_decision()

    with pytest.raises(actions.NoLongerStands):
        actions.undo(first, by=editor)
    actions.undo(second, by=editor)
    with pytest.raises(actions.NoLongerStands):
        actions.undo(second, by=editor)

    assert facts(row)[0] == "confirmed"


def test_something_else_of_the_audit_trail_is_no_decision(editor: User) -> None:
    row = link()
    actions.confirm(row, by=editor)
    actions.undo(last_decision(), by=editor)

    for entry in (
        AuditEntry.objects.latest("pk"),
        AuditEntry(verb="confirmed a link"),
        AuditEntry(verb="made a class"),
    ):
        with pytest.raises(actions.NoLongerStands):
            actions.undo(entry, by=editor)


def test_a_link_that_is_undone_after_its_editor_was_erased_goes_back_to_nobody(editor: User) -> None:
    erased = people.editor()
    row = link()
    actions.confirm(row, by=erased)
    actions.reject(row, by=editor)
    erased.delete()

    actions.undo(last_decision(), by=editor)

    assert facts(row)[0::2][:2] == ("confirmed", None)


def test_after_undo_the_machine_has_its_say_again(editor: User) -> None:
    row = link()
    AlignmentRun.objects.create(initiative=row.initiative, text_hash=row.initiative.mapped_hash, method_hash="x")
    actions.reject(row, by=editor)
    assert AlignmentRun.objects.get().text_hash == row.initiative.mapped_hash

    actions.undo(last_decision(), by=editor)

    assert AlignmentRun.objects.get().text_hash != row.initiative.mapped_hash


# Beside the machine


@pytest.fixture
def by_words(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Aligning by words only: no vectors to compute, and nothing kept from another test's curriculum."""
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    aligning._forget()
    yield
    aligning._forget()


WATER = "<p>Vi bygger en damm som fördröjer dagvatten vid skyfall, så att källare och gator inte svämmar över.</p>"
SPORT = "<p>Vi lånar ut bollar och skridskor, så att alla kan idrotta och röra på sig.</p>"


def write(initiative: Initiative, text: str) -> None:
    """Let the source have told something else of it."""
    Initiative.objects.filter(pk=initiative.pk).update(title="Nytt", what_html=text, mapped_hash=uuid.uuid4().hex)


def machine_at_work() -> Initiative:
    load_extract()
    initiative = factories.initiative()
    write(initiative, WATER)
    aligning.align_all()
    return initiative


def best_in_several_subjects(initiative: Initiative) -> Alignment:
    """The suggestion whose words stand in most subjects."""
    rows = list(Alignment.objects.filter(initiative=initiative).select_related("core_content"))
    groups = Counter(row.core_content.text_group for row in rows if row.core_content.first_year)
    group, number = groups.most_common(1)[0]
    assert number > 1
    return next(row for row in rows if row.core_content.text_group == group)


def decided(initiative: Initiative) -> list[tuple[Any, ...]]:
    return [facts(row) for row in initiative.alignments.exclude(state=State.SUGGESTED).order_by("core_content")]


@pytest.mark.usefixtures("by_words")
def test_a_machine_never_overwrites_a_decision_nor_brings_back_what_was_rejected(editor: User) -> None:
    initiative = machine_at_work()
    rejected = best_in_several_subjects(initiative)
    confirmed = initiative.alignments.exclude(core_content__text_group=rejected.core_content.text_group)[0]
    actions.reject(rejected, by=editor)
    actions.confirm(confirmed, by=editor)
    before = decided(initiative)

    aligning.align_all(only=initiative.pk)
    same_text = decided(initiative)
    write(initiative, SPORT)
    aligning.align_all()
    other_text = decided(initiative)
    write(initiative, WATER)
    aligning.align_all()

    assert {row[0] for row in before} == {"rejected", "confirmed"}
    assert same_text == other_text == decided(initiative) == before


@pytest.mark.usefixtures("by_words")
def test_what_was_undone_is_suggested_again_when_the_machine_still_thinks_so(editor: User) -> None:
    initiative = machine_at_work()
    before = set(initiative.alignments.values_list("core_content", "state", "score"))
    actions.reject(best_in_several_subjects(initiative), by=editor)

    actions.undo(last_decision(), by=editor)
    assert aligning.align_all() == 1

    assert set(initiative.alignments.values_list("core_content", "state", "score")) == before


def test_a_suggestion_that_the_machine_took_back_meanwhile_is_decided_all_the_same(editor: User) -> None:
    row = link(score=0.7)
    Alignment.objects.all().delete()

    decided = actions.confirm(row, by=editor, seen=State.SUGGESTED)

    assert (decided.state, decided.score, decided.reason) == ("confirmed", 0.7, row.reason)
    assert last_decision().details["before"] == {str(decided.pk): None}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("by_words")
@pytest.mark.parametrize("decide", [actions.confirm, actions.reject])
def test_a_decision_made_while_a_run_goes_on_stands(decide: Any) -> None:
    """The run would take away what is decided about at the same moment."""
    editor = people.editor()
    initiative = machine_at_work()
    row = best_in_several_subjects(initiative)
    points = CoreContent.objects.filter(text_group=row.core_content.text_group)
    for _round in range(4):
        Alignment.objects.all().delete()
        write(initiative, WATER)
        aligning.align_all()
        row = Alignment.objects.get(core_content=row.core_content)
        write(initiative, SPORT)

        at_once([lambda: aligning.align_all(), lambda row=row: decide(row, by=editor)])
        aligning.align_all(only=initiative.pk)

        wanted = "confirmed" if decide is actions.confirm else "rejected"
        found = Alignment.objects.filter(core_content__in=points).values_list("state", flat=True)
        assert list(found) == [wanted] * points.count()


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_are_one_decision() -> None:
    editor = people.editor()
    biology, _physics = siblings("BIO", "FYS")
    row = link(factories.initiative(), biology)

    at_once([lambda: actions.confirm(row, by=editor).pk for _ in range(5)])

    assert states(row.initiative) == {"BIO": "confirmed", "FYS": "confirmed"}
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_differently_at_once_the_second_is_told() -> None:
    biology, physics = siblings("BIO", "FYS")
    initiative = factories.initiative()
    rows = link(initiative, biology), link(initiative, physics)
    first, second = people.editor(), people.editor()

    def try_to(decide: Any, row: Alignment, by: User) -> str:
        try:
            return str(decide(row, by=by, seen="suggested").state)
        except actions.DecidedMeanwhile:
            return "told"

    told = at_once(
        [
            lambda: try_to(actions.confirm, rows[0], first),
            lambda: try_to(actions.reject, rows[1], second),
        ]
    )

    assert sorted(told)[-1] == "told"
    assert len(set(states(initiative).values())) == 1
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_link_added_or_undone_twice_at_once_is_done_once() -> None:
    editor = people.editor()
    initiative, point = factories.initiative(), factories.point("BIO")

    at_once([lambda: actions.add_link(initiative, point, by=editor).pk for _ in range(4)])
    entry = last_decision()

    def undo() -> str:
        try:
            actions.undo(entry, by=editor)
            return "undone"
        except actions.NoLongerStands:
            return "late"

    assert sorted(at_once([undo] * 4)) == ["late", "late", "late", "undone"]
    assert (Alignment.objects.count(), AuditEntry.objects.count()) == (0, 2)


# What waits


def ordered(**choice: Any) -> list[int]:
    return [row.pk for row in deciding.waiting(deciding.Choice(**choice))]


@pytest.mark.django_db
def test_links_near_the_strong_limit_come_first() -> None:
    limit = deciding.strong_limit()
    old = {"source_created_at": timezone.now() - timedelta(days=900)}
    initiative = factories.initiative(**old)
    far, near, nearest = (link(initiative, score=limit + off) for off in (-0.5, 0.1, -0.05))

    assert ordered() == [nearest.pk, near.pk, far.pk]


@pytest.mark.django_db
def test_initiatives_that_are_read_most_have_a_head_start() -> None:
    limit = deciding.strong_limit()
    old = {"source_created_at": timezone.now() - timedelta(days=900)}
    plain = link(factories.initiative(**old), score=limit - 0.05)
    stopped = link(factories.initiative(takes_classes=True, is_stopped=True, **old), score=limit - 0.06)
    taking = link(factories.initiative(takes_classes=True, **old), score=limit - 0.2)
    new = link(factories.initiative(), score=limit - 0.13)

    assert ordered() == [taking.pk, new.pk, plain.pk, stopped.pk]


@pytest.mark.django_db
def test_decided_withdrawn_merged_and_ended_ones_do_not_wait() -> None:
    kept = link()
    link(state="confirmed")
    link(state="rejected")
    link(factories.initiative(withdrawn_at=timezone.now()))
    link(factories.initiative(merged_into=kept.initiative))
    link(point=factories.point("FYS", ended_at=timezone.now()))

    assert ordered() == [kept.pk]


@pytest.mark.django_db
def test_a_choice_narrows_what_waits() -> None:
    water = link(factories.initiative("Åns vatten"), factories.point("BIO"), strength="strong")
    data = link(factories.initiative("Öppna data"), factories.level_point("NATU", "NATU1"), strength="possible")

    assert ordered(school_form="GR") == [water.pk]
    assert ordered(school_form="GY") == [data.pk]
    assert ordered(subject="NATU") == [data.pk]
    assert ordered(strength="strong") == [water.pk]
    assert ordered(initiative=data.initiative_id) == [data.pk]
    assert ordered(title="VATTEN åns") == [water.pk]
    assert ordered(title="öppna") == [data.pk]
    assert ordered(title="100 %") == ordered(title="finns inte") == ordered(title="_") == []


@pytest.mark.django_db
def test_stepping_on_shows_every_link_once_and_the_same_words_once() -> None:
    rows = [link(score=0.5) for _ in range(3)]
    rows += [link(score=0.6 + n / 100) for n in range(3)]
    initiative = factories.initiative()
    for point in siblings("BIO", "FYS", "KEM"):
        rows.append(link(initiative, point, score=0.55))

    seen: list[int] = []
    after = None
    while (found := deciding.next_one(deciding.Choice(), after=after)) is not None:
        seen.append(found.pk)
        after = found.pk

    assert len(seen) == len(set(seen)) == 7
    assert set(seen) <= {row.pk for row in rows}


@pytest.mark.django_db
def test_stepping_on_from_a_link_that_is_gone_begins_anew() -> None:
    row = link()

    assert deciding.next_one(deciding.Choice(), after=row.pk + 1000) == row


def test_my_latest_decisions_are_those_of_mine_that_stand(editor: User) -> None:
    other = people.editor()
    initiative = factories.initiative()
    rows = [link(initiative, point) for point in siblings("BIO", "FYS")]
    alone, undone, replaced, hers = (link() for _ in range(4))
    actions.confirm(rows[1], by=editor)
    actions.reject(alone, by=editor)
    actions.confirm(undone, by=editor)
    actions.undo(last_decision(), by=editor)
    actions.confirm(replaced, by=editor)
    actions.reject(replaced, by=other)
    actions.confirm(hers, by=other)

    decisions = deciding.latest_by(editor)

    assert [(one.alignment, one.others, one.entry.by) for one in decisions] == [
        (alone, 0, editor),
        (rows[1], 1, editor),
    ]


def test_what_stands_is_found_for_every_row_of_a_decision(editor: User) -> None:
    initiative = factories.initiative()
    rows = [link(initiative, point) for point in siblings("BIO", "FYS")]
    waiting = link(initiative)
    unknown = link(initiative, state="confirmed")
    actions.confirm(rows[0], by=editor)
    entry = last_decision()

    found = deciding.standing(Alignment.objects.filter(initiative=initiative))

    assert found == {rows[0].pk: entry, rows[1].pk: entry}
    assert waiting.pk not in found
    assert unknown.pk not in found


@pytest.mark.parametrize("number", [1, 50])
def test_asking_takes_the_same_number_of_statements_for_one_row_and_many(editor: User, number: int) -> None:
    for _ in range(number):
        actions.confirm(link(), by=editor)
        link()

    with CaptureQueriesContext(connection) as asked:
        list(deciding.waiting()[:100])
        deciding.latest_by(editor, limit=100)
        deciding.standing(Alignment.objects.all())

    assert len(asked) == 5


def points_found(**asked: Any) -> list[str]:
    return [point.subject.code for point in deciding.points_like(**asked)]


@pytest.mark.django_db
def test_points_are_found_by_subject_years_and_words() -> None:
    factories.point("BIO", (1, 3), "Årstider i naturen.", heading="Natur")
    factories.point("BIO", (7, 9), "Ekosystem.", heading="Natur")
    factories.point("HKK", (1, 6), "Mat och årstider.")
    factories.point("FYS", (1, 3), "Årstider förr.", ended_at=timezone.now())
    factories.level_point("NATU", "NATU1", "Ekosystem på 100 %.")

    assert points_found(subject="BIO") == ["BIO", "BIO"]
    assert points_found(words="årstider") == ["BIO", "HKK"]
    assert points_found(words="ÅRSTIDER mat") == ["HKK"]
    assert points_found(words="natur ekosystem") == ["BIO"]
    assert points_found(years=(4, 6)) == ["HKK"]
    assert points_found(subject="NATU", words="100 %") == ["NATU"]
    assert points_found(words="% %") == ["NATU"]
    assert points_found(subject="FINNS INTE") == []
