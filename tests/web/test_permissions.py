"""Every address as every kind of person, with data that could have leaked; and the headers that keep others out."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import (
    Company,
    CompanyApplication,
    Coordination,
    Notice,
    SchoolClass,
    SchoolMembership,
    SchoolUnit,
    User,
)
from bryggan.alignment.models import Alignment, SavedSearch
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.config import environment
from bryggan.fair.models import Booking, FairMessage, SeatOffer, Session, ShareLink, State
from bryggan.fair.programmes import sharing
from bryggan.fair.seating import waiting
from bryggan.ideas.models import Idea, IdeaRound, Proposal
from bryggan.initiatives.models import Contact, Initiative, MoveProposal, Picture, PictureFile, SyncRun
from bryggan.invitations.models import Interest, Invitation, InvitationRound, VisitMessage
from fair import factories as fairs
from invitations import visit_factories as visits

pytestmark = pytest.mark.django_db

# A teacher of the class; one at another school; two who answer for initiatives; and one whose account was closed
# while she was signed in. A pupil is a stranger: she has no account.
KINDS = (
    "stranger", "teacher", "other_teacher", "coordinator", "company", "editor", "administrator", "disabled"
)  # fmt: skip
SIGNED_IN = frozenset(KINDS) - {"stranger", "disabled"}

# What is answered, in the order of KINDS.
Answers = tuple[Any, ...]
IN = "to sign-in"
ALL: Answers = (200,) * 8
SIGNED_IN_ONLY: Answers = (IN, 200, 200, 200, 200, 200, 200, IN)
TEACHERS: Answers = (IN, 200, 200, 403, 403, 403, 403, IN)
OWN_CLASS: Answers = (IN, 200, 404, 404, 404, 404, 404, IN)
OWN_ITINERARY: Answers = (IN, 200, 404, 403, 403, 403, 403, IN)
OWN_ITINERARY_WRONG: Answers = (IN, 422, 404, 403, 403, 403, 403, IN)
NEVER_FOR_TEACHERS: Answers = (IN, 405, 405, 403, 403, 403, 403, IN)
EDITORS: Answers = (IN, 403, 403, 403, 403, 200, 403, IN)
STAFF: Answers = (IN, 403, 403, 403, 403, 200, 200, IN)
ADMINISTRATORS: Answers = (IN, 403, 403, 403, 403, 403, 200, IN)
EDITORS_POST: Answers = (IN, 403, 403, 403, 403, 302, 403, IN)
FAIR_TEAM: Answers = (IN, 403, 403, 200, 403, 200, 403, IN)
FAIR_TEAM_WRONG: Answers = (IN, 403, 403, 422, 403, 422, 403, IN)
# A session of another department than the coordinator's.
FAIR_EDITORS_POST: Answers = (IN, 403, 403, 404, 403, 302, 403, IN)
NEVER: Answers = (405,) * 8
NEVER_BUT_FIRST_SIGN_IN: Answers = (IN, 405, 405, 405, 405, 405, 405, IN)

# (name, method): address, data, answers. {…} are rows of `world`.
TABLE: dict[tuple[str, str], tuple[str, dict[str, str], Answers]] = {
    ("home", "GET"): ("/", {}, ALL),
    ("explore", "GET"): ("/utforska", {"q": "initiativ"}, ALL),
    ("suggestions", "GET"): ("/forslag", {"school_form": "GR", "years": "8"}, ALL),
    ("initiative", "GET"): ("/initiativ/{initiative}-{slug}", {}, ALL),
    ("lesson_sheet", "GET"): ("/initiativ/{initiative}-{slug}/lektionsblad", {}, ALL),
    ("lesson_sheet_pdf", "GET"): ("/initiativ/{initiative}-{slug}/lektionsblad.pdf", {}, ALL),
    ("searches", "GET"): ("/sokningar", {}, SIGNED_IN_ONLY),
    ("searches", "POST"): ("/sokningar", {"search": "subject=BIO"}, (IN, 302, 302, 302, 302, 302, 302, IN)),
    ("rename_search", "GET"): ("/sokningar/{search}/namn", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("rename_search", "POST"): ("/sokningar/{search}/namn", {"name": "Ny"}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("switch_search_mail", "GET"): ("/sokningar/{search}/brev", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("switch_search_mail", "POST"): (
        "/sokningar/{search}/brev", {"mail": "on"}, (IN, 302, 404, 404, 404, 404, 404, IN)
    ),
    ("delete_search", "GET"): ("/sokningar/{search}/ta-bort", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("delete_search", "POST"): ("/sokningar/{search}/ta-bort", {}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("notices", "GET"): ("/konto/notiser", {}, SIGNED_IN_ONLY),
    ("notices", "POST"): ("/konto/notiser", {}, (IN, 302, 302, 302, 302, 302, 302, IN)),
    ("open_notice", "GET"): ("/konto/notiser/{notice}", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("open_notice", "POST"): ("/konto/notiser/{notice}", {}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("letters", "GET"): ("/konto/brev", {}, SIGNED_IN_ONLY),
    ("letters", "POST"): ("/konto/brev", {"FAIR": "fel"}, (IN, 422, 422, 422, 422, 422, 422, IN)),
    ("stop_letters", "GET"): ("/konto/brev/sluta/gissad", {}, (404,) * 8),
    ("stop_letters", "POST"): ("/konto/brev/sluta/gissad", {}, (404,) * 8),
    ("stop_search_mail", "GET"): ("/sokningar/sluta/gissad", {}, (404,) * 8),
    ("stop_search_mail", "POST"): ("/sokningar/sluta/gissad", {}, (404,) * 8),
    ("insights", "GET"): ("/insikter", {"termin": "2027vt"}, ALL),
    ("download_insights", "GET"): ("/insikter/hamta.json", {}, ALL),
    ("activity_definition", "GET"): ("/insikter/aktiv", {}, EDITORS),
    ("activity_definition", "POST"): ("/insikter/aktiv", {"measures": "programme", "least": "2"}, EDITORS_POST),
    ("link_queue", "GET"): ("/redaktion/kopplingar", {}, EDITORS),
    ("decide_link", "GET"): ("/redaktion/kopplingar/{link}", {}, NEVER),
    ("decide_link", "POST"): ("/redaktion/kopplingar/{link}", {"decision": "reject"}, EDITORS_POST),
    ("undo_link", "GET"): ("/redaktion/beslut/1/angra", {}, NEVER),
    ("undo_link", "POST"): ("/redaktion/beslut/1/angra", {}, EDITORS_POST),
    ("initiative_links", "GET"): ("/redaktion/initiativ/{initiative}", {}, EDITORS),
    ("add_link", "GET"): ("/redaktion/initiativ/{initiative}/koppling", {}, NEVER),
    ("add_link", "POST"): ("/redaktion/initiativ/{initiative}/koppling", {"point": "{point}"}, EDITORS_POST),
    # Whoever answers for the initiative's department knows best what it offers classes.
    ("school_offer", "GET"): (
        "/redaktion/initiativ/{initiative}/skola", {}, (IN, 403, 403, 200, 403, 200, 403, IN)
    ),
    ("coverage", "GET"): ("/redaktion/tackning", {}, STAFF),
    ("card", "GET"): ("/kort/{initiative}", {}, ALL),
    ("picture", "GET"): ("/bild/{digest}.webp", {}, ALL),
    ("favicon", "GET"): ("/favicon.ico", {}, (302,) * 8),
    ("about", "GET"): ("/om", {}, ALL),
    ("accessibility", "GET"): ("/tillganglighet", {}, ALL),
    ("open_data", "GET"): ("/oppna-data", {}, ALL),
    ("editors", "GET"): ("/redaktion/", {}, STAFF),
    ("move_proposals", "GET"): ("/redaktion/flyttar", {}, STAFF),
    ("decide_move", "GET"): ("/redaktion/flyttar/{move}", {}, NEVER),
    ("decide_move", "POST"): (
        "/redaktion/flyttar/{move}", {"decision": "merge"}, (IN, 403, 403, 403, 403, 302, 302, IN)
    ),
    ("waiting_teachers", "GET"): ("/redaktion/larare", {}, EDITORS),
    ("sources", "GET"): ("/forvaltning/kallor", {}, ADMINISTRATORS),
    ("sync_run", "GET"): ("/forvaltning/kallor/{run}", {}, ADMINISTRATORS),
    ("account_login", "GET"): ("/konto/logga-in", {}, (200, 302, 302, 302, 302, 302, 302, 200)),
    ("account_login", "POST"): ("/konto/logga-in", {"email": "x@annan.example.org"}, (302,) * 8),
    ("account_confirm_login_code", "GET"): ("/konto/logga-in/kod", {}, (302,) * 8),
    ("account_confirm_login_code", "POST"): (
        "/konto/logga-in/kod", {"code": "CCCCCC"}, (422, 302, 302, 302, 302, 302, 302, 422)
    ),
    ("account_logout", "GET"): ("/konto/logga-ut", {}, NEVER),
    ("account_logout", "POST"): ("/konto/logga-ut", {}, (302,) * 8),
    ("account", "GET"): ("/konto/", {}, SIGNED_IN_ONLY),
    ("account", "POST"): ("/konto/", {"name": "Ny"}, (IN, 302, 302, 302, 302, 302, 302, IN)),
    ("choose_school", "GET"): ("/konto/skola", {}, TEACHERS),
    ("choose_school", "POST"): ("/konto/skola", {"school_unit": "{school}"}, (IN, 302, 302, 403, 403, 403, 403, IN)),
    ("leave_school", "GET"): ("/konto/skola/{membership}/lamna", {}, NEVER),
    ("leave_school", "POST"): ("/konto/skola/{membership}/lamna", {}, (IN, 422, 404, 403, 403, 403, 403, IN)),
    ("decide_membership", "GET"): ("/konto/kollegor/{waiting}", {}, NEVER),
    # A teacher elsewhere gets the answer for what is decided already, whatever there is.
    ("decide_membership", "POST"): (
        "/konto/kollegor/{waiting}", {"decision": "confirm"}, (IN, 302, 302, 403, 403, 302, 403, IN)
    ),
    ("classes", "GET"): ("/klasser", {}, TEACHERS),
    ("school_class_new", "GET"): ("/klasser/ny", {}, TEACHERS),
    ("school_class_new", "POST"): ("/klasser/ny", {}, (IN, 422, 422, 403, 403, 403, 403, IN)),
    ("school_class", "GET"): ("/klasser/{school_class}", {}, OWN_CLASS),
    ("school_class_change", "GET"): ("/klasser/{school_class}/andra", {}, OWN_CLASS),
    ("school_class_change", "POST"): ("/klasser/{school_class}/andra", {}, (IN, 422, 404, 404, 404, 404, 404, IN)),
    ("school_class_archive", "GET"): ("/klasser/{school_class}/lagg-undan", {}, NEVER),
    ("school_class_archive", "POST"): (
        "/klasser/{school_class}/lagg-undan", {}, (IN, 302, 404, 404, 404, 404, 404, IN)
    ),
    ("school_class_add_teacher", "GET"): ("/klasser/{school_class}/larare", {}, NEVER),
    ("school_class_add_teacher", "POST"): (
        "/klasser/{school_class}/larare", {"email": "x@skola.example.org"}, (IN, 422, 404, 404, 404, 404, 404, IN)
    ),
    ("itineraries", "GET"): ("/program", {}, TEACHERS),
    # A teacher without a class is led to make one.
    ("new_itinerary", "GET"): ("/program/ny", {"dag": "2027-06-01"}, (IN, 200, 302, 403, 403, 403, 403, IN)),
    ("new_itinerary", "POST"): ("/program/ny", {"shown": "x"}, (IN, 422, 302, 403, 403, 403, 403, IN)),
    ("plan_school", "GET"): (
        "/program/skolan", {"dag": "2027-06-01", "klass": "{school_class}"}, (IN, 200, 302, 403, 403, 403, 403, IN)
    ),
    ("plan_school", "POST"): ("/program/skolan", {"shown": "x"}, (IN, 422, 302, 403, 403, 403, 403, IN)),
    ("add_session", "GET"): ("/program/lagg-till/{session}", {}, TEACHERS),
    ("add_session", "POST"): ("/program/lagg-till/{session}", {}, (IN, 422, 422, 403, 403, 403, 403, IN)),
    # Nobody but the class's teacher and colleagues at the school: for others it does not exist.
    ("itinerary", "GET"): ("/program/{itinerary}", {"forslag": "1"}, OWN_ITINERARY),
    ("change_itinerary", "GET"): ("/program/{itinerary}/andra", {}, NEVER_FOR_TEACHERS),
    ("change_itinerary", "POST"): ("/program/{itinerary}/andra", {"do": "x"}, OWN_ITINERARY_WRONG),
    ("add_itinerary_day", "GET"): ("/program/{itinerary}/dag", {}, OWN_ITINERARY),
    ("add_itinerary_day", "POST"): ("/program/{itinerary}/dag", {"shown": "x"}, OWN_ITINERARY_WRONG),
    ("itinerary_day", "GET"): ("/program/{itinerary}/dag/2027-06-01", {}, OWN_ITINERARY),
    ("add_to_day", "GET"): ("/program/{itinerary}/lagg-till", {"dag": "2027-06-01"}, OWN_ITINERARY),
    ("add_to_day", "POST"): ("/program/{itinerary}/lagg-till", {"on": "2027-06-01"}, OWN_ITINERARY_WRONG),
    ("change_stop", "GET"): ("/program/{itinerary}/stopp/{stop}", {}, NEVER_FOR_TEACHERS),
    ("change_stop", "POST"): ("/program/{itinerary}/stopp/{stop}", {"do": "x"}, OWN_ITINERARY_WRONG),
    ("other_stops", "GET"): ("/program/{itinerary}/stopp/{stop}/andra", {}, OWN_ITINERARY),
    ("copy_itinerary", "GET"): ("/program/{itinerary}/kopiera", {}, NEVER_FOR_TEACHERS),
    ("copy_itinerary", "POST"): (
        "/program/{itinerary}/kopiera", {"klass": "x"}, (IN, 302, 404, 403, 403, 403, 403, IN)
    ),
    ("itinerary_sharing", "GET"): ("/program/{itinerary}/dela", {}, OWN_CLASS),
    ("share_itinerary", "GET"): ("/program/{itinerary}/dela/lank", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("share_itinerary", "POST"): ("/program/{itinerary}/dela/lank", {}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("revoke_share", "GET"): ("/program/{itinerary}/dela/sluta", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("revoke_share", "POST"): ("/program/{itinerary}/dela/sluta", {}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("itinerary_pdf", "GET"): ("/program/{itinerary}/program.pdf", {}, OWN_CLASS),
    # What a right link opens, and for whom, is tried in test_sharing.py.
    ("shared_itinerary", "GET"): ("/delad/gissad", {}, (404,) * 8),
    ("shared_calendar", "GET"): ("/delad/gissad/kalender.ics", {}, (404,) * 8),
    ("shared_pdf", "GET"): ("/delad/gissad/program.pdf", {}, (404,) * 8),
    ("shared_worker", "GET"): ("/delad/gissad/kopia.js", {}, (404,) * 8),
    # The fair. Its team is editors; coordinators have the sessions of their own department or approved company.
    ("fair", "GET"): ("/massan", {"day": "2027-06-01"}, ALL),
    ("fair_session", "GET"): ("/massan/punkt/{session}", {}, ALL),
    ("fair_venue", "GET"): ("/massan/{fair_slug}/plats/{venue_slug}", {"day": "2027-06-01"}, ALL),
    ("fair_team", "GET"): ("/redaktion/massan/", {"day": "2027-06-01"}, FAIR_TEAM),
    ("fair_day_list", "GET"): ("/redaktion/massan/dag/{venue_slug}/2027-06-01", {}, FAIR_TEAM),
    ("fair_export", "GET"): ("/redaktion/massan/export.csv", {}, FAIR_TEAM),
    ("fair_supply", "GET"): ("/redaktion/massan/program", {}, FAIR_TEAM),
    ("fair_session_new", "GET"): ("/redaktion/massan/program/ny", {}, FAIR_TEAM),
    ("fair_session_new", "POST"): ("/redaktion/massan/program/ny", {}, FAIR_TEAM_WRONG),
    ("fair_session_edit", "GET"): ("/redaktion/massan/program/{session}", {}, FAIR_TEAM),
    ("fair_session_edit", "POST"): ("/redaktion/massan/program/{session}", {}, FAIR_TEAM_WRONG),
    ("publish_fair_session", "GET"): ("/redaktion/massan/program/{session}/publicera", {}, NEVER),
    ("publish_fair_session", "POST"): ("/redaktion/massan/program/{draft}/publicera", {}, FAIR_EDITORS_POST),
    ("cancel_fair_session", "GET"): ("/redaktion/massan/program/{session}/stall-in", {}, FAIR_TEAM),
    ("cancel_fair_session", "POST"): ("/redaktion/massan/program/{draft}/stall-in", {}, FAIR_EDITORS_POST),
    ("add_fair_occasion", "GET"): ("/redaktion/massan/program/{session}/tid", {}, NEVER),
    ("add_fair_occasion", "POST"): ("/redaktion/massan/program/{session}/tid", {}, FAIR_TEAM_WRONG),
    ("fair_occasion", "GET"): ("/redaktion/massan/tid/{occasion}", {}, FAIR_TEAM),
    ("fair_occasion", "POST"): ("/redaktion/massan/tid/{occasion}", {}, FAIR_TEAM_WRONG),
    ("cancel_fair_occasion", "GET"): ("/redaktion/massan/tid/{occasion}/stall-in", {}, FAIR_TEAM),
    ("cancel_fair_occasion", "POST"): (
        "/redaktion/massan/tid/{occasion}/stall-in", {}, (IN, 403, 403, 302, 403, 302, 403, IN)
    ),
    ("fair_import", "GET"): ("/redaktion/massan/las-in", {}, EDITORS),
    ("fair_import", "POST"): ("/redaktion/massan/las-in", {}, (IN, 403, 403, 403, 403, 422, 403, IN)),
    ("fair_file", "GET"): ("/redaktion/massan/las-in/program.csv", {}, EDITORS),
    ("fair_message", "GET"): ("/redaktion/massan/meddelande", {}, EDITORS),
    ("fair_message", "POST"): ("/redaktion/massan/meddelande", {}, (IN, 403, 403, 403, 403, 422, 403, IN)),
    ("fair_venues", "GET"): ("/redaktion/massan/platser", {}, EDITORS),
    ("fair_venue_edit", "GET"): ("/redaktion/massan/platser/{venue}", {}, EDITORS),
    ("fair_venue_edit", "POST"): ("/redaktion/massan/platser/{venue}", {}, (IN, 403, 403, 403, 403, 422, 403, IN)),
    ("fair_walks", "GET"): ("/redaktion/massan/platser/{venue}/vagar", {}, EDITORS),
    ("fair_walks", "POST"): ("/redaktion/massan/platser/{venue}/vagar", {}, EDITORS_POST),
    # Rounds of ideas. A phone needs the code and nothing else; without its cookie it is asked to send once more.
    ("idea_rounds", "GET"): ("/idrundor", {}, TEACHERS),
    ("idea_round_new", "GET"): ("/idrundor/ny", {}, (IN, 200, 302, 403, 403, 403, 403, IN)),
    ("idea_round_new", "POST"): ("/idrundor/ny", {}, (IN, 422, 302, 403, 403, 403, 403, IN)),
    ("idea_round", "GET"): ("/idrundor/{idea_round}", {}, OWN_CLASS),
    ("idea_round_now", "GET"): ("/idrundor/{idea_round}/nu", {}, OWN_CLASS),
    ("idea_board", "GET"): ("/idrundor/{idea_round}/tavla", {}, OWN_CLASS),
    ("idea_board_now", "GET"): ("/idrundor/{idea_round}/tavla/nu", {}, OWN_CLASS),
    ("idea_poster", "GET"): ("/idrundor/{idea_round}/affisch.pdf", {}, OWN_CLASS),
    ("idea_drawing", "GET"): ("/idrundor/{idea_round}/ide/{idea}/bild.svg", {}, OWN_CLASS),
    ("idea_answer", "GET"): ("/idrundor/{idea_round}/svar/{proposal}", {}, OWN_CLASS),
    ("set_idea_mode", "GET"): ("/idrundor/{idea_round}/lage", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("set_idea_mode", "POST"): (
        "/idrundor/{idea_round}/lage", {"mode": "vote"}, (IN, 302, 404, 404, 404, 404, 404, IN)
    ),
    ("write_idea", "GET"): ("/idrundor/{idea_round}/ide", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("write_idea", "POST"): ("/idrundor/{idea_round}/ide", {"text": "Ny"}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("decide_idea", "GET"): ("/idrundor/{idea_round}/ide/{idea}", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("decide_idea", "POST"): (
        "/idrundor/{idea_round}/ide/{idea}", {"action": "hide"}, (IN, 302, 404, 404, 404, 404, 404, IN)
    ),
    ("send_idea", "GET"): ("/idrundor/{idea_round}/ide/{idea}/skicka", {}, OWN_CLASS),
    ("send_idea", "POST"): ("/idrundor/{idea_round}/ide/{idea}/skicka", {}, (IN, 422, 404, 404, 404, 404, 404, IN)),
    ("enter_code", "GET"): ("/ide", {}, ALL),
    ("idea_phone", "GET"): ("/ide/{code}", {}, ALL),
    ("idea_phone", "POST"): ("/ide/{code}", {"text": "Ny"}, (422,) * 8),
    ("idea_phone_now", "GET"): ("/ide/{code}/nu", {}, ALL),
    ("idea_vote", "GET"): ("/ide/{code}/rost", {}, NEVER),
    ("idea_vote", "POST"): ("/ide/{code}/rost", {"idea": "{idea}"}, (422,) * 8),
    ("idea_phone_drawing", "GET"): ("/ide/{code}/bild/{idea}.svg", {}, ALL),
    ("proposals", "GET"): ("/forvaltning/ideer", {}, FAIR_TEAM),
    ("proposal", "GET"): ("/forvaltning/ideer/{proposal}", {}, FAIR_TEAM),
    ("proposal", "POST"): ("/forvaltning/ideer/{proposal}", {}, FAIR_TEAM_WRONG),
    ("read_proposal", "GET"): ("/forvaltning/ideer/{proposal}/last", {}, NEVER),
    ("read_proposal", "POST"): (
        "/forvaltning/ideer/{proposal}/last", {}, (IN, 403, 403, 302, 403, 302, 403, IN)
    ),
    ("tell_what_came_of_it", "GET"): ("/forvaltning/ideer/{proposal}/blev", {}, NEVER),
    ("tell_what_came_of_it", "POST"): ("/forvaltning/ideer/{proposal}/blev", {}, FAIR_TEAM_WRONG),
    ("agree_to_show", "GET"): ("/forvaltning/ideer/{proposal}/visa", {}, NEVER_BUT_FIRST_SIGN_IN),
    ("agree_to_show", "POST"): (
        "/forvaltning/ideer/{proposal}/visa", {"agrees": "1"}, (IN, 302, 404, 403, 404, 302, 404, IN)
    ),
    ("pupil_page", "GET"): ("/initiativ/{initiative}-{slug}/elev", {}, ALL),
    # Coordinators' desk: over what is their own; editors over everybody's. A round of another host's is not found.
    ("interest_desk", "GET"): ("/forvaltning/intresse", {}, FAIR_TEAM),
    ("interest_in_initiative", "GET"): (
        "/forvaltning/intresse/initiativ/{neighbours}", {}, (IN, 403, 403, 403, 403, 200, 403, IN)
    ),
    # Whoever gives a session sees which classes have it in their programmes; of year 9 there are none.
    ("interest_in_session", "GET"): ("/forvaltning/intresse/punkt/{session}", {"year": "9"}, FAIR_TEAM),
    ("compare_interest", "GET"): (
        "/forvaltning/intresse/jamfor", {"jamfor": "initiativ-{neighbours}"}, FAIR_TEAM
    ),
    ("interest_export", "GET"): ("/forvaltning/intresse.csv", {"year": "9"}, FAIR_TEAM),
    ("rounds", "GET"): ("/forvaltning/utskick", {}, FAIR_TEAM),
    ("new_round", "GET"): ("/forvaltning/utskick/nytt", {"till": "initiativ-{initiative}"}, FAIR_TEAM),
    ("new_round", "POST"): (
        "/forvaltning/utskick/nytt", {"till": "initiativ-{neighbours}"}, (IN, 403, 403, 403, 403, 422, 403, IN)
    ),
    ("invitation_round", "GET"): ("/forvaltning/utskick/{sent_round}", {}, FAIR_TEAM),
    ("edit_round", "GET"): ("/forvaltning/utskick/{draft_round}/andra", {}, FAIR_TEAM),
    ("edit_round", "POST"): ("/forvaltning/utskick/{draft_round}/andra", {}, FAIR_TEAM_WRONG),
    ("send_round", "GET"): ("/forvaltning/utskick/{draft_round}/skicka", {}, FAIR_TEAM),
    ("send_round", "POST"): (
        "/forvaltning/utskick/{draft_round}/skicka", {"step": "later"}, FAIR_TEAM_WRONG
    ),
    ("cancel_round", "GET"): ("/forvaltning/utskick/{sent_round}/stall-in", {}, FAIR_TEAM),
    ("cancel_round", "POST"): (
        "/forvaltning/utskick/{neighbours_round}/stall-in", {}, (IN, 403, 403, 404, 403, 302, 403, IN)
    ),
    ("copy_round", "GET"): ("/forvaltning/utskick/{sent_round}/kopiera", {}, NEVER),
    ("copy_round", "POST"): (
        "/forvaltning/utskick/{neighbours_round}/kopiera", {}, (IN, 403, 403, 404, 403, 302, 403, IN)
    ),
    ("change_round_seats", "GET"): ("/forvaltning/utskick/{sent_round}/platser", {}, NEVER),
    ("change_round_seats", "POST"): (
        "/forvaltning/utskick/{neighbours_round}/platser", {}, (IN, 403, 403, 404, 403, 302, 403, IN)
    ),
    ("round_export", "GET"): ("/forvaltning/utskick/{sent_round}/svar.csv", {}, FAIR_TEAM),
    ("agree_on_time", "GET"): ("/forvaltning/inbjudan/{host_invitation}/tid", {}, NEVER),
    ("agree_on_time", "POST"): ("/forvaltning/inbjudan/{host_invitation}/tid", {}, FAIR_TEAM_WRONG),
    ("host_visits", "GET"): ("/forvaltning/besok", {"visa": "har-varit"}, FAIR_TEAM),
    ("host_visit", "GET"): ("/forvaltning/besok/{booked_at_fair}", {}, FAIR_TEAM),
    ("host_calendar", "GET"): ("/forvaltning/besok/{booked_at_fair}/besok.ics", {}, FAIR_TEAM),
    ("host_attendance", "GET"): ("/forvaltning/besok/{visit}/narvaro", {}, NEVER),
    ("host_attendance", "POST"): (
        "/forvaltning/besok/{visit}/narvaro", {"came": "kanske"}, (IN, 403, 403, 404, 403, 404, 403, IN)
    ),
    ("host_feedback", "GET"): ("/forvaltning/besok/{visit}/svar", {}, NEVER),
    ("host_feedback", "POST"): ("/forvaltning/besok/{visit}/svar", {"answer": "9"}, FAIR_TEAM_WRONG),
    ("host_invitation", "GET"): ("/forvaltning/inbjudan/{visit_invitation}", {}, FAIR_TEAM),
    ("host_write", "GET"): ("/forvaltning/inbjudan/{visit_invitation}/meddelande", {}, NEVER),
    # Editors help hosts with their rounds, and take no part in what class and host write to each other.
    ("host_write", "POST"): (
        "/forvaltning/inbjudan/{visit_invitation}/meddelande", {"text": " "}, FAIR_TEAM_WRONG
    ),
    ("host_read", "GET"): ("/forvaltning/inbjudan/{visit_invitation}/last", {}, NEVER),
    ("host_read", "POST"): (
        "/forvaltning/inbjudan/{visit_invitation}/last", {}, (IN, 403, 403, 302, 403, 404, 403, IN)
    ),
    ("cancel_visit", "GET"): ("/forvaltning/inbjudan/{host_invitation}/stall-in", {}, FAIR_TEAM),
    ("cancel_visit", "POST"): (
        "/forvaltning/inbjudan/{neighbours_invitation}/stall-in", {}, (IN, 403, 403, 404, 403, 302, 403, IN)
    ),
    ("company_signup", "GET"): ("/foretag", {}, ALL),
    ("company_signup", "POST"): ("/foretag", {}, (422,) * 8),
    ("companies", "GET"): ("/redaktion/foretag", {}, EDITORS),
    ("decide_company", "GET"): ("/redaktion/foretag/anmalan/{application}", {}, NEVER),
    ("decide_company", "POST"): (
        "/redaktion/foretag/anmalan/{application}", {"decision": "refuse"}, EDITORS_POST
    ),
    ("company", "GET"): ("/redaktion/foretag/{approved_company}", {"q": "Initiativ"}, EDITORS),
    ("company", "POST"): (
        "/redaktion/foretag/{approved_company}", {"do": "add", "initiative": "{initiative}"}, EDITORS_POST
    ),
    ("rename_company", "GET"): ("/redaktion/foretag/{company_row}/namn", {}, NEVER),
    ("rename_company", "POST"): (
        "/redaktion/foretag/{company_row}/namn", {}, (IN, 403, 403, 403, 403, 422, 403, IN)
    ),
    ("fair_play", "GET"): ("/redaktion/rattvisa", {}, EDITORS),
    # What a class says and answers. Coordinators see it at their desk, and nowhere here.
    ("interests", "GET"): ("/nyfikna", {}, TEACHERS),
    ("express_interest", "GET"): ("/nyfikna/ny", {}, NEVER),
    ("express_interest", "POST"): (
        "/nyfikna/ny", {"initiative": "{initiative}", "klass": "{school_class}", "kind": "follow"},
        (IN, 302, 422, 403, 403, 403, 403, IN)
    ),
    ("withdraw_interest", "GET"): ("/nyfikna/{own_interest}/ta-tillbaka", {}, NEVER),
    ("withdraw_interest", "POST"): (
        "/nyfikna/{own_interest}/ta-tillbaka", {}, (IN, 302, 404, 403, 403, 403, 403, IN)
    ),
    ("class_work", "GET"): ("/nyfikna/arbetat", {}, NEVER),
    ("class_work", "POST"): (
        "/nyfikna/arbetat", {"initiative": "{initiative}", "klass": "{school_class}", "done": "1"},
        (IN, 302, 404, 403, 403, 403, 403, IN)
    ),
    ("invitations", "GET"): ("/inbjudningar", {}, TEACHERS),
    ("invitation", "GET"): ("/inbjudningar/{visit_invitation}", {}, OWN_CLASS),
    ("invitation", "POST"): (
        "/inbjudningar/{visit_invitation}", {"do": "change"}, (IN, 422, 404, 404, 404, 404, 404, IN)
    ),
    ("write_message", "GET"): ("/inbjudningar/{visit_invitation}/meddelande", {}, NEVER),
    ("write_message", "POST"): (
        "/inbjudningar/{visit_invitation}/meddelande", {"text": ""}, (IN, 422, 404, 404, 404, 404, 404, IN)
    ),
    ("read_messages", "GET"): ("/inbjudningar/{visit_invitation}/last", {}, NEVER),
    ("read_messages", "POST"): (
        "/inbjudningar/{visit_invitation}/last", {}, (IN, 302, 404, 404, 404, 404, 404, IN)
    ),
    # What a right link opens, and for whom, is tried in test_visits.py.
    ("answer_by_link", "GET"): ("/svar/gissad", {}, (404,) * 8),
    ("answer_by_link", "POST"): ("/svar/gissad", {"do": "accept"}, (404,) * 8),
    ("calendar_by_link", "GET"): ("/svar/gissad/besok.ics", {}, (404,) * 8),
    ("my_visits", "GET"): ("/besok", {}, TEACHERS),
    ("visit_calendar", "GET"): ("/besok/{visit}/besok.ics", {}, OWN_CLASS),
    ("visit_feedback", "GET"): ("/besok/{visit}/svar", {}, NEVER),
    ("visit_feedback", "POST"): ("/besok/{visit}/svar", {"answer": "9"}, (IN, 422, 404, 404, 404, 404, 404, IN)),
    ("visit_attendance", "GET"): ("/besok/{visit}/narvaro", {}, NEVER),
    ("visit_attendance", "POST"): (
        "/besok/{visit}/narvaro", {"came": "1"}, (IN, 302, 404, 404, 404, 404, 404, IN)
    ),
    ("seat_offer", "GET"): ("/platser/{offer}", {}, OWN_CLASS),
    ("seat_offer", "POST"): ("/platser/{offer}", {"do": "decline"}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("leave_queue", "GET"): ("/platser/ko/{queue_entry}/lamna", {}, NEVER),
    ("leave_queue", "POST"): ("/platser/ko/{queue_entry}/lamna", {}, (IN, 302, 404, 404, 404, 404, 404, IN)),
    ("api:fairs", "GET"): ("/api/v1/fairs", {}, ALL),
    ("api:fair", "GET"): ("/api/v1/fairs/{fair}", {}, ALL),
    ("api:fair_sessions", "GET"): ("/api/v1/fairs/{fair}/sessions", {"per_page": "100"}, ALL),
    ("api:openapi-json", "GET"): ("/api/v1/openapi.json", {}, ALL),
    ("api:initiatives", "GET"): ("/api/v1/initiatives", {"per_page": "100"}, ALL),
    ("api:initiative", "GET"): ("/api/v1/initiatives/{initiative}", {}, ALL),
    ("api:suggestions", "GET"): ("/api/v1/suggestions", {"school_form": "GR"}, ALL),
    ("api:subjects", "GET"): ("/api/v1/curriculum/subjects", {}, ALL),
    ("api:core_content", "GET"): ("/api/v1/curriculum/core-content", {}, ALL),
    ("api:one_point", "GET"): ("/api/v1/curriculum/core-content/{point}", {}, ALL),
    ("api:programmes", "GET"): ("/api/v1/curriculum/programmes", {}, ALL),
    ("api:api-root", "GET"): ("/api/v1/", {}, (404,) * 8),
    ("api/<path:rest>", "GET"): ("/api/finns/inte", {}, (404,) * 8),
    ("healthz", "GET"): ("/healthz", {}, ALL),
    ("readyz", "GET"): ("/readyz", {}, ALL),
}  # fmt: skip
SAME_ADDRESS = {"account_request_login_code"}

# Words that stand in the data, and who may read them at all, wherever it may be.
SECRETS: dict[str, frozenset[str]] = {
    "kontakt.hemlig@example.org": SIGNED_IN,
    "Kontakta Karlsson": SIGNED_IN,
    "8HEMLIG": frozenset({"teacher"}),
    "Behöver en tyst vrå": frozenset({"teacher"}),
    "Anteckning om taxin": frozenset({"teacher"}),
    # Once she has accepted, for the host.
    "agare@skola.example.org": frozenset({"teacher", "coordinator", "editor"}),
    "nykomling@skola.example.org": frozenset({"teacher", "editor"}),
    "Trasig nyckel 4711": frozenset({"administrator"}),
    "Hemligt internprojekt": frozenset({"administrator"}),
    "https://kalla.example.org/hemlig": frozenset({"administrator"}),
    "Min hemliga sökning": frozenset({"teacher"}),
    "Notis bara för ägaren": frozenset({"teacher"}),
    # A class that has booked, for whoever answers for what it has booked; and what is not published yet.
    "8BOKAD": frozenset({"editor", "coordinator"}),
    "Hemligt utkast till mässan": frozenset({"editor"}),
    "Hemligt meddelande om storm": frozenset({"editor"}),
    # What waits for the teacher; what was sent, and from which school, for those who answer it too.
    "Väntande hemlig idé": frozenset({"teacher"}),
    "Skickad hemlig idé": frozenset({"teacher", "coordinator", "editor"}),
    # Every teacher may find a school by its name when she chooses her own.
    "Idéskolan": frozenset({"teacher", "other_teacher", "coordinator", "editor"}),
    # Who is curious, for whoever answers for it. A class that only fits is nobody's to know, nor is its teacher.
    "9NYFIKEN": frozenset({"coordinator", "editor"}),
    "9GRANNE": frozenset({"editor"}),
    "9PASSAR": frozenset(),
    "nyfiken.larare@skola.example.org": frozenset(),
    "sokande@foretag.example.org": frozenset({"editor"}),
    # A class that visits, for those who host it; what the two write is theirs alone.
    "8BESOK": frozenset({"teacher", "coordinator", "editor"}),
    "Hemligt i tråden": frozenset({"teacher", "coordinator"}),
    "8KOAR": frozenset({"teacher"}),
    "koden-i-brevet": frozenset(),
    "vad revisionen minns": frozenset(),
}


def interest_and_rounds(initiative: Initiative) -> dict[str, Any]:
    """A class that is curious, one that only fits, and the same at another department."""
    at = people.school_unit("Nyfikenskolan")
    curious = people.teacher("nyfiken.larare@skola.example.org", at=at)
    said = people.school_class(curious, label="9NYFIKEN", school_unit=at, school_years=[9])
    fits = people.school_class(curious, label="9PASSAR", school_unit=at, school_years=[9])
    elsewhere = people.school_class(curious, label="9GRANNE", school_unit=at, school_years=[9])
    neighbours = make.initiative("Grannförvaltningens initiativ", department=people.department("Grannförvaltningen"))
    Interest.objects.create(school_class=said, initiative=initiative, expressed_by=curious)
    Interest.objects.create(school_class=elsewhere, initiative=neighbours, expressed_by=curious)

    def a_round(about: Initiative, **columns: Any) -> InvitationRound:
        return InvitationRound.objects.create(
            department=about.department, initiative=about, title="Kom till oss", text="Välkomna.",
            how=InvitationRound.How.AGREEMENT, answer_by=timezone.now() + timedelta(days=9), **columns,
        )  # fmt: skip

    sent = a_round(initiative, state=InvitationRound.State.SENT, sent_at=timezone.now())
    theirs = a_round(neighbours, state=InvitationRound.State.SENT, sent_at=timezone.now())
    Invitation.objects.create(round=sent, school_class=fits, ground="matching")
    application = CompanyApplication.objects.create(
        name="Sökande AB", person="Sök", email="sokande@foretag.example.org", text="Vi vill."
    )
    return {
        "neighbours": neighbours.pk,
        "draft_round": a_round(initiative).pk,
        "sent_round": sent.pk,
        "neighbours_round": theirs.pk,
        "host_invitation": Invitation.objects.create(round=sent, school_class=said, ground="interested").pk,
        "neighbours_invitation": Invitation.objects.create(
            round=theirs, school_class=elsewhere, ground="interested"
        ).pk,
        "application": application.pk,
        "company_row": Company.objects.get().pk,
        "approved_company": Company.objects.create(slug="godkant", name="Godkänt AB", approved_at=timezone.now()).pk,
    }


def visits_of(teacher: User, initiative: Initiative, school: SchoolUnit) -> dict[str, Any]:
    """A class of the teacher's that visits, waits and is offered seats; all of it outside any fair."""
    visitor = people.school_class(teacher, label="8BESOK", school_unit=school, pupils=20, adults=2)
    waits = people.school_class(teacher, label="8KOAR", school_unit=school, pupils=20, adults=2)
    session = visits.visit()
    occasion = visits.time(session, timezone.now() - timedelta(days=1))
    booking = visits.booking(occasion, visitor)
    round = visits.round(initiative.department, occasion, initiative=initiative)
    invitation = visits.invitation(round, school_class=visitor)
    Invitation.objects.filter(pk=invitation.pk).update(state="accepted", booking=booking, answered_by=teacher)
    VisitMessage.objects.create(invitation=invitation, is_from_host=False, text="Hemligt i tråden", by=teacher)
    full = visits.time(visits.visit(), timezone.now() + timedelta(days=9), capacity=40)
    entry = waiting.join(occasion=full, school_class=waits, by=None)
    waiting.give_out_at(full)
    return {
        "visit": booking.pk,
        "visit_invitation": invitation.pk,
        "own_interest": Interest.objects.create(school_class=visitor, initiative=initiative).pk,
        "offer": entry.offers.get().pk,
        "queue_entry": entry.pk,
    }


@pytest.fixture
def world() -> dict[str, Any]:
    """One of everything, with words in it that only some may read."""
    school, elsewhere = people.school_unit("Råå skola"), people.school_unit("Ängelholmsskolan")
    teacher = people.teacher("agare@skola.example.org", at=school)
    school_class = people.school_class(
        teacher, label="8HEMLIG", needs="Behöver en tyst vrå", school_unit=school, school_years=[8]
    )
    newcomer = people.teacher("nykomling@skola.example.org")
    waiting = people.membership(newcomer, school)
    other = people.teacher("annan@skola.example.org", at=elsewhere)
    company = people.user("foretag@foretag.example.org")
    Coordination.objects.create(user=company, company=people.company())
    source = make.source()
    source.address = "https://kalla.example.org/hemlig"
    source.save()
    coordinator = people.coordinator()
    department = coordinator.coordinations.get().department
    initiative = make.initiative("Initiativ om dagvatten", takes_classes=True, department=department)
    search = SavedSearch.objects.create(user=teacher, name="Min hemliga sökning", parameters="q=vatten")
    point = make.point("BIO", (7, 9))
    make.align(initiative, point)
    Contact.objects.create(initiative=initiative, name="Kontakta Karlsson", email="kontakt.hemlig@example.org")
    picture = Picture.objects.create(initiative=initiative, address="https://example.org/b", fetched_at=timezone.now())
    PictureFile.objects.create(picture=picture, digest="a" * 32, width=1, height=1, content=b"RIFF")
    run = SyncRun.objects.create(
        source=source,
        kind=SyncRun.Kind.FULL,
        error="Trasig nyckel 4711",
        left_out=[{"id": "9", "reason": "Hemligt internprojekt"}],
    )
    OutgoingMail.objects.create(message_id="1", to=teacher.email, kind="sign-in code", subject="koden-i-brevet")
    AuditEntry.objects.create(by_process="sync", verb="vad revisionen minns", thing_type="x")
    fair = fairs.fair()
    session = fairs.session(fair, "Programpunkt för alla", department=department)
    occasion = fairs.occasion(session)
    booked_by = people.school_class(label="8BOKAD")
    booked_at_fair = Booking.objects.create(
        occasion=occasion, school_class=booked_by, pupils=20, adults=2, seats=22, state=Booking.State.BOOKED,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at,
    )  # fmt: skip
    draft = fairs.session(fair, "Hemligt utkast till mässan", state=State.DRAFT, venue=session.venue)
    fairs.occasion(draft)
    FairMessage.objects.create(fair=fair, subject="Hemligt meddelande om storm", text="x", on=fairs.DAY)
    itinerary = fairs.itinerary(fair, school_class)
    fairs.day(itinerary)
    stop = fairs.stop(itinerary, occasion, note="Anteckning om taxin")
    sharing.share(itinerary, by=teacher)
    in_round = people.school_class(teacher, label="8IDE", school_unit=people.school_unit("Idéskolan"))
    later = timezone.now() + timedelta(days=1)
    round = IdeaRound.objects.create(
        school_class=in_round, initiative=initiative, question="Hur sparar vi vatten?", code="CDF467",
        code_ends_at=later, forget_at=later,
    )  # fmt: skip
    idea = Idea.objects.create(
        round=round, drawing=[[1, 2, 3, 4]], drawing_points=2, state=Idea.State.APPROVED, sent_key=uuid4()
    )
    Idea.objects.create(round=round, text="Väntande hemlig idé", sent_key=uuid4())
    sent = Idea.objects.create(round=round, text="Skickad hemlig idé", state=Idea.State.HIDDEN, sent_key=uuid4())
    proposal = Proposal.objects.create(idea=sent, text=sent.text, answer_due_on=later.date())
    return {
        **interest_and_rounds(initiative),
        **visits_of(teacher, initiative, school),
        "people": {
            "teacher": teacher,
            "other_teacher": other,
            "coordinator": coordinator,
            "company": company,
            "editor": people.editor(),
            "administrator": people.administrator(),
            "disabled": people.user("borta@stad.example.org", is_teacher=True, is_editor=True, is_administrator=True),
        },
        "initiative": initiative.pk,
        "slug": initiative.slug,
        "digest": "a" * 32,
        "move": MoveProposal.objects.create(old=make.initiative(), new=make.initiative(), likeness=0.9).pk,
        "run": run.pk,
        "school": elsewhere.pk,
        "membership": teacher.school_memberships.get().pk,
        "waiting": waiting.pk,
        "school_class": school_class.pk,
        "point": point.key,
        "search": search.pk,
        "notice": Notice.objects.create(
            user=teacher, kind="fair", cause="x", title="Notis bara för ägaren", address="/klasser"
        ).pk,
        "link": initiative.alignments.get().pk,
        "itinerary": itinerary.pk,
        "stop": stop.pk,
        "idea_round": round.pk,
        "code": round.code,
        "idea": idea.pk,
        "proposal": proposal.pk,
        "fair": fair.pk,
        "fair_slug": fair.slug,
        "session": session.pk,
        "draft": draft.pk,
        "booked_at_fair": booked_at_fair.pk,
        "occasion": occasion.pk,
        "venue": session.venue.pk,
        "venue_slug": session.venue.slug,
    }


def browser_of(kind: str, world: dict[str, Any]) -> Client:
    client = Client()
    if kind != "stranger":
        user: User = world["people"][kind]
        client.force_login(user)
        if kind == "disabled":
            User.objects.filter(pk=user.pk).update(is_active=False)
    return client


def asked(client: Client, method: str, path: str, data: dict[str, str]) -> HttpResponse:
    return client.get(path, data) if method == "GET" else client.post(path, data)


def named_addresses(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + (entry.name or str(entry.pattern)), str(entry.pattern)
        else:
            yield from named_addresses(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))


def test_every_address_has_a_row() -> None:
    covered = {name for name, _ in TABLE} | SAME_ADDRESS

    known = {name for name, _ in named_addresses(get_resolver()) if not name.startswith("admin:")}

    assert known == covered


@contextmanager
def undone_afterwards() -> Iterator[None]:
    """What happens within has never happened: one world serves every kind of person."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(("name", "method"), TABLE)
def test_an_address_answers_each_kind_of_person_as_it_should_and_leaks_nothing(
    world: dict[str, Any], name: str, method: str
) -> None:
    path, data, answers = TABLE[name, method]
    path = path.format(**world)
    data = {key: value.format(**world) for key, value in data.items()}
    wrong = []

    for kind, expected in zip(KINDS, answers, strict=True):
        with undone_afterwards():
            answer = asked(browser_of(kind, world), method, path, data)
            place = answer.get("Location", "")
            if expected == IN:
                right = (answer.status_code, place.partition("?")[0]) == (302, "/konto/logga-in")
            else:
                right = answer.status_code == expected and "/konto/logga-in?" not in place
            if not right:
                wrong.append((kind, expected, answer.status_code, place))
            body = answer.content.decode("utf-8", "replace")
            wrong += [(kind, word) for word, readers in SECRETS.items() if word in body and kind not in readers]

    assert wrong == []


@pytest.mark.parametrize("kind", ["stranger", "teacher", "editor", "administrator"])
def test_a_number_that_no_row_can_have_is_not_found(world: dict[str, Any], kind: str) -> None:
    numbers = {name: "9" * 25 for name, value in world.items() if isinstance(value, int)}
    client = browser_of(kind, world)
    client.raise_request_exception = False

    broken = [
        f"{method} {path}"
        for (_, method), (path, data, _answers) in TABLE.items()
        if any(f"{{{name}}}" in path for name in numbers)
        and asked(client, method, path.format(**{**world, **numbers}), {"decision": "x", **data}).status_code >= 500
    ]

    assert broken == []


def test_the_secret_words_do_stand_where_their_readers_look(world: dict[str, Any]) -> None:
    """Otherwise the test above would be content with nothing."""
    seen = {
        "teacher": [
            "/konto/",
            "/besok",
            "/inbjudningar/{visit_invitation}",
            "/klasser/{school_class}",
            "/sokningar",
            "/konto/notiser",
            "/idrundor/{idea_round}",
            "/program/{itinerary}",
        ],
        "editor": [
            "/redaktion/larare",
            "/initiativ/{initiative}-{slug}",
            "/redaktion/massan/program",
            "/redaktion/massan/meddelande",
            "/redaktion/massan/dag/{venue_slug}/2027-06-01",
            "/forvaltning/ideer",
            "/forvaltning/intresse/initiativ/{initiative}",
            "/forvaltning/intresse/initiativ/{neighbours}",
            "/redaktion/foretag",
        ],
        "administrator": ["/forvaltning/kallor", "/forvaltning/kallor/{run}"],
    }
    pages = "".join(
        browser_of(kind, world).get(path.format(**world)).text for kind, paths in seen.items() for path in paths
    )

    assert [word for word, readers in SECRETS.items() if readers and word not in pages] == []


def test_a_refused_post_changes_nothing(world: dict[str, Any]) -> None:
    def state() -> list[Any]:
        return [
            MoveProposal.objects.get().state,
            SchoolClass.objects.get(pk=world["school_class"]).archived_at,
            Session.objects.get(pk=world["draft"]).state,
            SchoolMembership.objects.get(pk=world["waiting"]).confirmed_at,
            Alignment.objects.get().state,
            list(SavedSearch.objects.values_list("name", "wants_mail")),
            list(ShareLink.objects.values_list("pk", "revoked_at")),
            list(IdeaRound.objects.values_list("mode", "ideas_written")),
            list(Idea.objects.values_list("text", "state", "votes")),
            list(Interest.objects.values_list("withdrawn_at")),
            Booking.objects.get(pk=world["visit"]).attendance,
            list(SeatOffer.objects.values_list("state", "entry__state")),
        ]

    before = state()

    for kind in ("stranger", "other_teacher", "coordinator", "company", "disabled"):
        client = browser_of(kind, world)
        for (_, method), (path, data, _answers) in TABLE.items():
            if method == "POST" and "{" in path:
                client.post(path.format(**world), data)

    assert state() == before


ADMIN = sorted(
    (name, pattern) for name, pattern in named_addresses(get_resolver()) if name.startswith("admin:")
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_database_pages_are_for_administrators(world: dict[str, Any], kind: str) -> None:
    client = browser_of(kind, world)
    paths = {"/forvaltning/databas/", "/forvaltning/databas/finns/inte/"}
    for name, _pattern in ADMIN:
        if match := re.fullmatch(r"admin:([a-z]+)_([a-z]+)_(changelist|add|change|delete|history)", name):
            room, model, page = match.groups()
            tail = {"changelist": "", "add": "add/"}.get(page, f"1/{page}/")
            paths.add(f"/forvaltning/databas/{room}/{model}/{tail}")

    answers = {path: client.get(path).status_code for path in sorted(paths)}

    if kind in ("stranger", "disabled"):
        assert set(answers.values()) == {302}
    elif kind == "administrator":
        # Some tables are only looked at, and a row 1 is not in all of them.
        assert set(answers.values()) <= {200, 302, 403, 404}
        assert answers["/forvaltning/databas/"] == 200
    else:
        assert set(answers.values()) == {403}


def test_a_contact_is_read_by_signed_in_people_only_and_never_in_open_data(world: dict[str, Any]) -> None:
    page = f"/initiativ/{world['initiative']}-{world['slug']}"
    open_data = ["/api/v1/initiatives", f"/api/v1/initiatives/{world['initiative']}", f"/kort/{world['initiative']}"]

    assert "kontakt.hemlig@example.org" in browser_of("coordinator", world).get(page).text
    for kind in KINDS:
        for path in open_data:
            assert "hemlig@" not in browser_of(kind, world).get(path).text, (kind, path)


def test_a_rejected_link_is_shown_to_nobody(world: dict[str, Any]) -> None:
    Alignment.objects.update(state=Alignment.State.REJECTED, reason="Redaktörens nej")

    for kind in ("stranger", "teacher", "editor"):
        for path in (
            f"/initiativ/{world['initiative']}-{world['slug']}",
            f"/api/v1/initiatives/{world['initiative']}",
        ):
            assert "Redaktörens nej" not in browser_of(kind, world).get(path).text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/utforska?q=x", "/initiativ/{initiative}-{slug}"])
def test_a_setting_closes_the_initiatives_to_strangers(
    world: dict[str, Any], settings: Settings, kind: str, path: str
) -> None:
    settings.REQUIRE_SIGN_IN = True

    answer = browser_of(kind, world).get(path.format(**world))

    if kind in SIGNED_IN:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/konto/logga-in?next=/")
        assert "dagvatten" not in answer.text


def policy(answer: HttpResponse) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts}


@pytest.mark.parametrize(
    ("sites", "may_frame"),
    [
        ((), ["'none'"]),
        (("https://pedagog.example.org",), ["https://pedagog.example.org"]),
        (("https://a.example.org", "https://b.example.org"), ["https://a.example.org", "https://b.example.org"]),
    ],
)
def test_listed_sites_and_no_others_may_frame_the_card(
    client: Client, world: dict[str, Any], settings: Settings, sites: tuple[str, ...], may_frame: list[str]
) -> None:
    settings.FRAME_ANCESTORS = sites

    card = client.get(f"/kort/{world['initiative']}")

    assert policy(card)["frame-ancestors"] == may_frame


OPEN_PAGES = ["/", "/utforska", "/initiativ/{initiative}-{slug}", "/om", "/konto/logga-in", "/finns-inte", "/klasser"]


@pytest.mark.parametrize("path", [*OPEN_PAGES, "/kort/{initiative}", "/forvaltning/databas/"])
def test_no_page_lets_foreign_or_inline_script_and_style_in(world: dict[str, Any], path: str) -> None:
    answer = browser_of("administrator", world).get(path.format(**world))

    directives = policy(answer)
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == ["'self'"]
    assert directives["base-uri"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "*" not in answer["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", answer.text)


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_every_other_page_may_be_framed_by_nobody_and_tells_little(
    world: dict[str, Any], settings: Settings, path: str
) -> None:
    settings.FRAME_ANCESTORS = ("https://pedagog.example.org",)

    answer = browser_of("teacher", world).get(path.format(**world))

    assert policy(answer)["frame-ancestors"] == ["'none'"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(client: Client, world: dict[str, Any]) -> None:
    answer = client.post("/konto/logga-in", {"email": "agare@skola.example.org"})
    client.get("/konto/logga-in")

    assert answer.cookies["sessionid"]["httponly"]
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), cookie.key


def test_reading_open_pages_sets_no_session(client: Client, world: dict[str, Any]) -> None:
    for path in ("/", "/utforska?q=x", "/om", f"/kort/{world['initiative']}", "/api/v1/initiatives"):
        client.get(path.format(**world))

    assert "sessionid" not in client.cookies


def test_a_signed_in_page_is_kept_by_no_shared_cache(world: dict[str, Any]) -> None:
    answer = browser_of("teacher", world).get("/klasser")

    assert "Cookie" in answer.get("Vary", "")


@pytest.fixture
def https_settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings as they come out where the service has an https address."""
    values = {
        "BRYGGAN_BASE_URL": "https://bryggan.example.org",
        "BRYGGAN_SECRET_KEY": "x" * 50,
        "BRYGGAN_DATA_DIR": str(settings.ENV.data_dir),
    }
    monkeypatch.setattr(environment, "read", lambda *_: _read(values))
    old = sys.modules.pop("bryggan.config.settings")
    yield importlib.import_module("bryggan.config.settings")
    sys.modules["bryggan.config.settings"] = old
    import bryggan.config

    bryggan.config.settings = old  # type: ignore[attr-defined]


_read = environment.read


def test_an_https_address_gives_secure_cookies_and_strict_transport(
    client: Client, world: dict[str, Any], https_settings: Any, settings: Settings
) -> None:
    for name in (
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_SSL_REDIRECT",
        "ALLOWED_HOSTS",
    ):
        setattr(settings, name, getattr(https_settings, name))
    told = {"secure": True, "headers": {"host": "bryggan.example.org"}}

    page = Client().get("/konto/logga-in", **told)
    plain = Client().get("/om", headers=told["headers"])
    foreign = Client().get("/om", secure=True, headers={"host": "annan.example.org"})

    assert page["Strict-Transport-Security"] == f"max-age={60 * 60 * 24 * 365}; includeSubDomains"
    assert page.cookies["csrftoken"]["secure"]
    assert (plain.status_code, plain["Location"]) == (301, "https://bryggan.example.org/om")
    assert foreign.status_code == 400


def test_a_local_address_is_not_sent_to_https(client: Client, world: dict[str, Any]) -> None:
    answer = client.get("/om")

    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer


def test_a_session_ends_after_two_weeks_and_changes_when_signing_out(world: dict[str, Any]) -> None:
    client = browser_of("teacher", world)
    before = client.session.session_key

    client.post("/konto/logga-ut")

    assert timedelta(seconds=settings.SESSION_COOKIE_AGE) == timedelta(days=14)
    assert client.get("/konto/").status_code == 302
    assert client.session.session_key != before


# Mail programs press this one themselves; the token in the address is the permission.
BY_MAIL_PROGRAMS = {"stop_letters"}
# Phones have no session and no token; that theirs are refused too is tried in test_ideas_phones.py.
BY_PHONES = {"idea_phone", "idea_vote"}


@pytest.mark.parametrize(
    "path",
    [row[0] for (name, method), row in TABLE.items() if method == "POST" and name not in BY_MAIL_PROGRAMS | BY_PHONES],
)
def test_a_form_from_elsewhere_is_refused(world: dict[str, Any], path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world["people"]["teacher"])

    assert client.post(path.format(**world), {"decision": "merge"}).status_code == 403


@pytest.mark.parametrize("place", ["https://annan.example.org/", "//annan.example.org", "javascript:alert(1)", "/\\x"])
def test_signing_in_leads_nowhere_else(world: dict[str, Any], place: str) -> None:
    answer = browser_of("teacher", world).get("/konto/logga-in", {"next": place})

    assert answer["Location"] in ("/", "/konto/skola")
