"""The worker's chores, in the order of a round, and which lane each runs in."""

from __future__ import annotations

from bryggan.accounts import letters, retention
from bryggan.alignment import aligning, saving, unmet
from bryggan.common import outbox
from bryggan.common.worker import Chore
from bryggan.ideas import forgetting, proposals
from bryggan.initiatives import moves, pictures, schedule
from bryggan.insights import reports
from bryggan.invitations import queueing, rounds, threads, visits

CHORES = (
    Chore("mail", outbox.send_waiting, 0.5, lane="mail"),
    Chore("seat offers", queueing.give_out_due, 5, lane="seats"),
    Chore("scheduled invitations", rounds.send_due, 20, lane="seats"),
    Chore("lotteries", rounds.draw_due, 20, lane="seats"),
    Chore("alignment", aligning.align_some, 2, lane="alignment"),
    Chore("vectors", aligning.learn_some, 5, lane="alignment"),
    Chore("sync", schedule.sync_due, 60),
    Chore("moves", moves.propose_moves, 600),
    Chore("pictures", pictures.fetch_waiting, 5),
    Chore("reminders", visits.remind_due, 600),
    Chore("questions after visits", visits.ask_afterwards, 600),
    Chore("old messages", threads.forget_old, 3600),
    Chore("monthly report", reports.send_monthly, 3600),
    Chore("letters", letters.send_digests, 300),
    Chore("saved searches", saving.send_digests, 600),
    Chore("unmet searches", unmet.forget_old, 3600),
    Chore("idea rounds", forgetting.forget_old, 300),
    Chore("late answers", proposals.remind_late, 3600),
    Chore("retention", retention.forget_old, 3600),
)
