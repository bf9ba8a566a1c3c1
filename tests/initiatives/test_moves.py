"""When a source moves: pairs are proposed, and merging loses nothing that people saved."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bryggan.accounts.models import User
from bryggan.common.models import AuditEntry
from bryggan.initiatives.models import Contact, Initiative, MoveProposal, Picture, SchoolOffer, Source, SyncRun
from bryggan.initiatives.moves import AlreadyDecided, accept_move, propose_moves, reject_move
from bryggan.initiatives.permissions import may_judge_moves
from initiatives.doubles import InnovationDatabase, SearchService

Sync = Callable[..., SyncRun]


@pytest.fixture
def editor(db: None) -> User:
    return User.objects.create_user("redaktor@example.org", is_editor=True)


@pytest.fixture
def moved(source: Source, service: SearchService, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Both sources read: the database (A), and the search service (C) that it moved to."""
    monkeypatch.setenv("BRYGGAN_TEST_KEY", service.KEY)
    sync(source)
    new = Source.objects.create(name="nya", address=service.address, key_variable="BRYGGAN_TEST_KEY")
    sync(new)
    return new


def proposal_for(title: str) -> MoveProposal:
    return MoveProposal.objects.get(new__title=title)


def test_the_same_initiative_in_another_source_is_proposed_once(moved: Source) -> None:
    number = propose_moves()

    assert number == 28
    titles = [(each.old.title, each.new.title) for each in MoveProposal.objects.select_related("old", "new")]
    assert all(old == new for old, new in titles)
    assert all(each.likeness > 0.8 for each in MoveProposal.objects.all())
    assert propose_moves() == 0


def test_a_withdrawn_initiative_that_came_back_under_another_id_is_proposed(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    project = database.project(65)
    database.projects.remove(project)
    database.projects.append({**project, "id": 900})
    sync(source)

    assert propose_moves() == 1
    proposal = MoveProposal.objects.get()
    assert (proposal.old.remote_id, proposal.new.remote_id) == ("65", "900")


def test_merging_keeps_the_old_row_with_what_people_saved_and_the_new_texts(
    moved: Source, editor: User, source: Source
) -> None:
    propose_moves()
    proposal = proposal_for("Trygghetsgolv i serviceboende")
    old, new = proposal.old, proposal.new
    SchoolOffer.objects.create(initiative=new, how="Så går det till.")

    kept = accept_move(proposal, editor)

    assert kept.pk == old.pk
    assert (kept.source, kept.remote_id) == (moved, "4100")
    assert kept.what_html == new.what_html
    assert kept.mapped_hash == new.mapped_hash
    assert [each.name for each in kept.contacts.all()] == ["Samordnare, Vård- och omsorgsförvaltningen"]
    assert [each.address for each in kept.pictures.all()] == ["https://example.org/bilder/4100.jpg"]
    assert kept.school_offer.how == "Så går det till."
    signpost = Initiative.objects.get(pk=new.pk)
    assert signpost.merged_into == kept
    assert (signpost.source, signpost.remote_id) == (source, "35")
    assert not Initiative.objects.published().filter(pk=new.pk).exists()
    assert Initiative.objects.published().filter(pk=old.pk).exists()
    assert Contact.objects.filter(initiative=new).count() == Picture.objects.filter(initiative=new).count() == 0
    assert AuditEntry.objects.filter(verb="merged", by=editor, thing_id=str(old.pk)).count() == 1


def test_syncs_after_a_merge_neither_make_anew_nor_withdraw(
    moved: Source, editor: User, source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    propose_moves()
    proposal = proposal_for("Trygghetsgolv i serviceboende")
    old, new = proposal.old_id, proposal.new_id
    accept_move(proposal, editor)
    number = Initiative.objects.count()

    first = [sync(each) for each in (source, moved)]
    database.projects.remove(database.project(35))
    later = [sync(each) for each in (source, moved)]

    assert [(run.created, run.updated, run.withdrawn, run.error) for run in first + later] == [(0, 0, 0, "")] * 4
    assert Initiative.objects.count() == number
    assert Initiative.objects.published().filter(pk=old).exists()
    assert Initiative.objects.get(pk=new).merged_into_id == old


def test_a_change_in_the_new_source_reaches_the_old_row(
    moved: Source, editor: User, sync: Sync, service: SearchService
) -> None:
    propose_moves()
    kept = accept_move(proposal_for("Trygghetsgolv i serviceboende"), editor)
    next(each for each in service.documents if each["@id"] == "4100")["name"] = "Trygga golv"

    sync(moved)

    assert Initiative.objects.get(pk=kept.pk).title == "Trygga golv"


def test_a_second_move_leads_both_signposts_to_the_same_row(moved: Source, editor: User) -> None:
    propose_moves()
    kept = accept_move(proposal_for("Trygghetsgolv i serviceboende"), editor)
    third = Source.objects.create(name="tredje", address="https://example.org")
    again = Initiative.objects.create(source=third, remote_id="x1", title=kept.title, what_html=kept.what_html)

    propose_moves()
    accept_move(MoveProposal.objects.get(new=again), editor)

    assert set(Initiative.objects.filter(merged_into=kept).values_list("title", flat=True)) == {kept.title}
    assert Initiative.objects.filter(merged_into=kept).count() == 2
    assert Initiative.objects.get(pk=kept.pk).source == third


def test_a_rejected_pair_is_never_proposed_again(moved: Source, editor: User) -> None:
    propose_moves()
    proposal = proposal_for("Trygghetsgolv i serviceboende")

    reject_move(proposal, editor)

    assert propose_moves() == 0
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == (MoveProposal.State.REJECTED, editor)
    with pytest.raises(AlreadyDecided):
        accept_move(proposal, editor)
    assert Initiative.objects.filter(merged_into__isnull=False).count() == 0


def test_a_proposal_is_accepted_once(moved: Source, editor: User) -> None:
    propose_moves()
    proposal = proposal_for("Trygghetsgolv i serviceboende")
    accept_move(proposal, editor)

    with pytest.raises(AlreadyDecided):
        accept_move(proposal, editor)


def test_editors_judge_moves(editor: User) -> None:
    teacher = User.objects.create_user("larare@example.org", is_teacher=True)

    assert may_judge_moves(editor)
    assert not may_judge_moves(teacher)
