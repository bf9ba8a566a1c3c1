"""The worker's chores, in the order of a round: what people wait for first."""

from __future__ import annotations

from bryggan.accounts import retention
from bryggan.alignment import aligning
from bryggan.common import outbox
from bryggan.common.worker import Chore
from bryggan.initiatives import pictures, schedule

CHORES = (
    Chore("mail", outbox.send_waiting, 0.5),
    Chore("sync", schedule.sync_due, 60),
    Chore("alignment", aligning.align_some, 2),
    Chore("vectors", aligning.learn_some, 5),
    Chore("pictures", pictures.fetch_waiting, 5),
    Chore("retention", retention.forget_old, 3600),
)
