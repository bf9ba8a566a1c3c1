"""What would make the first visitor wait, done before she comes."""

from __future__ import annotations

import logging

from django.db import DatabaseError

from bryggan.alignment import index, suggesting, swedish

log = logging.getLogger(__name__)


def warm() -> None:
    """Read the word list and the themes, and make the index. A database that is not there yet is no hindrance."""
    swedish.word_list_found()
    suggesting.questions_by_theme()
    try:
        with index.current():
            pass
    except DatabaseError as error:
        log.warning("The index is made at the first question, the database does not answer yet: %s", error)
