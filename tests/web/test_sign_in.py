from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import factories
from accounts.together import at_once
from bryggan.accounts.models import AccessInvitation, EmailDomain, SchoolMembership, User
from bryggan.accounts.sign_in import ALPHABET
from bryggan.common.models import AuditEntry, OutgoingMail, RateCount
from bryggan.web.middleware import TrustedProxyMiddleware

SIGN_IN = "/konto/logga-in"
CODE = "/konto/logga-in/kod"
WRONG = "CCCCCC"


def ask(client: Client, email: str, **more: Any) -> HttpResponse:
    return client.post(SIGN_IN, {"email": email, **more})


def code_sent_to(email: str) -> str:
    mail = OutgoingMail.objects.filter(to=email).latest("pk")
    return mail.subject.rpartition(" ")[2]


def sign_in(client: Client, email: str, **more: Any) -> HttpResponse:
    ask(client, email)
    return client.post(CODE, {"code": code_sent_to(email), **more})


def who(client: Client) -> User | None:
    user = client.get("/konto/").context
    return user["user"] if user else None


@pytest.fixture
def teacher(db: None) -> User:
    return factories.teacher("anna@skola.example.org", at=factories.school_unit())


def test_the_sign_in_page_asks_for_an_address_and_for_no_password(client: Client, db: None) -> None:
    page = client.get(SIGN_IN)

    assert page.status_code == 200
    assert 'type="email"' in page.text
    assert "password" not in page.text


def test_a_code_from_the_mail_signs_a_person_in(client: Client, teacher: User) -> None:
    asked = ask(client, teacher.email)
    answer = client.post(CODE, {"code": code_sent_to(teacher.email)})

    assert (asked.status_code, asked["Location"]) == (302, CODE)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert who(client) == teacher


def test_the_mail_is_a_row_with_the_code_in_subject_text_and_html(client: Client, teacher: User) -> None:
    ask(client, teacher.email)

    mail = OutgoingMail.objects.get()
    code = code_sent_to(teacher.email)
    assert (mail.to, mail.kind, mail.cause) == (teacher.email, "sign-in code", "")
    assert mail.subject == f"Din kod till Bryggan: {code}"
    assert len(code) == 6
    assert set(code) <= set(ALPHABET)
    assert f"\n{code}\n" in mail.text
    assert f"<p>{code}</p>" in mail.html
    assert "15 minuter" in mail.text


def test_the_code_is_kept_nowhere_but_in_the_mail(client: Client, teacher: User) -> None:
    ask(client, teacher.email)

    assert code_sent_to(teacher.email) not in str(client.session.items())


@pytest.mark.parametrize("typed", [str.lower, lambda code: f" {code[:3]} {code[3:]} ", lambda c: f"{c[:3]}-{c[3:]}"])
def test_a_code_may_be_typed_in_small_letters_with_spaces_or_a_hyphen(
    client: Client, teacher: User, typed: Any
) -> None:
    ask(client, teacher.email)

    answer = client.post(CODE, {"code": typed(code_sent_to(teacher.email))})

    assert answer.status_code == 302


def test_an_address_is_the_same_in_capitals(client: Client, teacher: User) -> None:
    ask(client, "ANNA@Skola.Example.org")
    client.post(CODE, {"code": code_sent_to("anna@skola.example.org")})

    assert who(client) == teacher
    assert User.objects.count() == 1


def test_a_first_code_to_a_teacher_domain_makes_a_teacher_when_it_is_confirmed(client: Client, db: None) -> None:
    factories.domain()

    ask(client, "ny@skola.example.org")
    before = User.objects.count()
    answer = client.post(CODE, {"code": code_sent_to("ny@skola.example.org")})

    user = User.objects.get()
    assert before == 0
    assert (user.email, user.is_teacher, user.is_editor, user.has_usable_password()) == (
        "ny@skola.example.org",
        True,
        False,
        False,
    )
    assert answer["Location"] == "/konto/skola"
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["made an account"]


@pytest.mark.parametrize("email", ["x@sub.skola.example.org", "x@notskola.example.org", "x@example.org"])
def test_only_the_exact_domain_counts(client: Client, db: None, email: str) -> None:
    factories.domain()

    ask(client, email)

    assert OutgoingMail.objects.count() == 0


def test_a_pupil_is_refused_with_a_reason_and_no_mail(client: Client, db: None) -> None:
    factories.domain("elev.example.org", EmailDomain.Kind.PUPILS)

    answer = ask(client, "elev@ELEV.example.org")

    assert answer.status_code == 422
    assert "Elever har inga konton här" in answer.text
    assert "elev@ELEV.example.org" in answer.text
    assert OutgoingMail.objects.count() == 0


def test_an_invitation_does_not_open_the_door_to_a_pupil_domain(client: Client, db: None) -> None:
    factories.domain("elev.example.org", EmailDomain.Kind.PUPILS)
    factories.invitation("x@elev.example.org", AccessInvitation.Role.EDITOR)

    assert ask(client, "x@elev.example.org").status_code == 422


def page_after_asking(client: Client, email: str) -> tuple[int, str, str]:
    answer = ask(client, email)
    page = client.get(answer["Location"])
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.text).replace(email, "ADDRESS")
    return answer.status_code, answer["Location"], text


def test_known_unknown_and_disabled_addresses_get_the_same_answers(teacher: User) -> None:
    factories.user("borta@stad.example.org", is_active=False)

    known = page_after_asking(Client(), teacher.email)
    unknown = page_after_asking(Client(), "okand@stad.example.org")
    disabled = page_after_asking(Client(), "borta@stad.example.org")

    assert known == unknown == disabled
    assert list(OutgoingMail.objects.values_list("to", flat=True)) == [teacher.email]


def test_wrong_codes_look_the_same_for_known_and_unknown_addresses(teacher: User) -> None:
    answers = []
    for email in (teacher.email, "okand@stad.example.org"):
        client = Client()
        ask(client, email)
        pages = [client.post(CODE, {"code": WRONG}) for _ in range(6)]
        answers.append(
            [
                (p.status_code, re.sub(r'value="\w{64}"', "", p.text).replace(email, "ADDRESS").replace("\n", ""))
                for p in pages
            ]
        )

    assert answers[0] == answers[1]
    assert [status for status, _ in answers[0]] == [422] * 6


def test_an_expired_invitation_sends_no_code(client: Client, db: None) -> None:
    factories.invitation("x@stad.example.org", AccessInvitation.Role.EDITOR, days=-1)

    ask(client, "x@stad.example.org")

    assert OutgoingMail.objects.count() == 0


def test_who_is_disabled_between_code_and_sign_in_stays_out(client: Client, teacher: User) -> None:
    ask(client, teacher.email)
    User.objects.update(is_active=False)

    answer = client.post(CODE, {"code": code_sent_to(teacher.email)})

    assert answer.status_code == 422
    assert "Koden stämmer inte" in answer.text
    assert who(client) is None


def test_who_is_disabled_while_signed_in_is_signed_out(client: Client, teacher: User) -> None:
    sign_in(client, teacher.email)
    User.objects.update(is_active=False)

    assert client.get("/konto/").status_code == 302


def test_a_wrong_code_is_told_and_the_right_one_still_works(client: Client, teacher: User) -> None:
    ask(client, teacher.email)

    wrong = client.post(CODE, {"code": WRONG, "next": "/klasser"})
    right = client.post(CODE, {"code": code_sent_to(teacher.email), "next": "/klasser"})

    assert wrong.status_code == 422
    assert "Koden stämmer inte" in wrong.text
    assert 'value="/klasser"' in wrong.text
    assert right["Location"] == "/klasser"


def test_an_empty_code_costs_no_try(client: Client, teacher: User) -> None:
    ask(client, teacher.email)

    answers = [client.post(CODE, {"code": ""}).status_code for _ in range(6)]

    assert answers == [422] * 6
    assert client.post(CODE, {"code": code_sent_to(teacher.email)}).status_code == 302


def test_after_five_wrong_tries_the_code_is_dead_and_a_new_one_works(client: Client, teacher: User) -> None:
    ask(client, teacher.email)
    code = code_sent_to(teacher.email)
    for _ in range(5):
        client.post(CODE, {"code": WRONG})

    dead = client.post(CODE, {"code": code})
    ask(client, teacher.email)
    alive = client.post(CODE, {"code": code_sent_to(teacher.email)})

    assert dead.status_code == 422
    assert "skrivits fel 5 gånger" in dead.text
    assert f'value="{teacher.email}"' in dead.text
    assert alive.status_code == 302


def test_a_code_that_is_too_old_leads_to_a_new_one_with_the_address_kept(client: Client, teacher: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(client, teacher.email)
        clock.shift(timedelta(minutes=15, seconds=1))
        answer = client.post(CODE, {"code": code_sent_to(teacher.email), "next": "/klasser"})

    assert answer.status_code == 422
    assert "för gammal" in answer.text
    assert f'value="{teacher.email}"' in answer.text
    assert 'value="/klasser"' in answer.text
    assert who(client) is None


def test_a_code_works_until_its_last_minute(client: Client, teacher: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(client, teacher.email)
        clock.shift(timedelta(minutes=14, seconds=59))

        assert client.post(CODE, {"code": code_sent_to(teacher.email)}).status_code == 302


def test_a_used_code_does_not_work_again(client: Client, teacher: User) -> None:
    ask(client, teacher.email)
    old_cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    code = code_sent_to(teacher.email)
    client.post(CODE, {"code": code})
    twin = Client()
    twin.cookies[settings.SESSION_COOKIE_NAME] = old_cookie

    answer = twin.post(CODE, {"code": code})

    assert answer.status_code == 422
    assert "redan använd" in answer.text
    # The browser may by now hold the session that the first request made: it is left alone.
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_only_the_newest_code_works(client: Client, teacher: User) -> None:
    ask(client, teacher.email)
    first = code_sent_to(teacher.email)
    ask(client, teacher.email)

    assert client.post(CODE, {"code": first}).status_code == 422
    assert client.post(CODE, {"code": code_sent_to(teacher.email)}).status_code == 302


def test_a_code_works_only_in_the_browser_that_asked(teacher: User) -> None:
    ask(Client(), teacher.email)

    assert Client().post(CODE, {"code": code_sent_to(teacher.email)}).status_code == 422


def test_the_session_key_changes_at_sign_in_and_the_old_one_is_gone(client: Client, teacher: User) -> None:
    ask(client, teacher.email)
    before = client.session.session_key
    client.post(CODE, {"code": code_sent_to(teacher.email)})

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_code_at_the_same_time_signs_in_once() -> None:
    factories.teacher("anna@skola.example.org", at=factories.school_unit())
    client = Client()
    ask(client, "anna@skola.example.org")
    cookie, code = client.cookies[settings.SESSION_COOKIE_NAME].value, code_sent_to("anna@skola.example.org")

    def confirm() -> int:
        twin = Client()
        twin.cookies[settings.SESSION_COOKIE_NAME] = cookie
        return twin.post(CODE, {"code": code}).status_code

    statuses = at_once([confirm] * 4)

    assert sorted(statuses) == [302, 422, 422, 422]


@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_the_same_time_make_one_account() -> None:
    factories.domain()
    clients = [Client(), Client()]
    codes = []
    for client in clients:
        ask(client, "ny@skola.example.org")
        codes.append(code_sent_to("ny@skola.example.org"))

    statuses = at_once(
        [
            partial(lambda client, code: client.post(CODE, {"code": code}).status_code, client, code)
            for client, code in zip(clients, codes, strict=True)
        ]
    )

    assert statuses == [302, 302]
    assert User.objects.count() == 1


def test_the_code_page_without_a_pending_sign_in_leads_to_the_first_page(client: Client, db: None) -> None:
    answer = client.get(f"{CODE}?next=/klasser")

    assert (answer.status_code, answer["Location"]) == (302, "/konto/logga-in?next=%2Fklasser")


@pytest.mark.parametrize("text", ["", "anna", "a@b", "a@b@c.se", "x" * 300 + "@skola.example.org", "a\x00b@c.se"])
def test_what_is_no_address_is_told_and_kept(client: Client, db: None, text: str) -> None:
    answer = ask(client, text)

    assert answer.status_code == 422
    assert OutgoingMail.objects.count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.org/",
        "//evil.example.org/",
        "/\\evil.example.org",
        "\\\\evil.example.org",
        "http:evil.example.org",
        "javascript:alert(1)",
        "///evil.example.org",
        " //evil.example.org",
        "/\t/evil.example.org",
        "klasser",
    ],
)
def test_nobody_is_led_to_an_address_elsewhere(client: Client, teacher: User, address: str) -> None:
    ask(client, teacher.email, next=address)
    answer = client.post(f"{CODE}", {"code": code_sent_to(teacher.email), "next": address})

    assert answer["Location"] == "/"


def test_where_she_was_going_follows_through_all_pages(client: Client, teacher: User) -> None:
    first = client.get("/klasser")
    second = ask(client, teacher.email, next="/klasser")
    third = client.post(CODE, {"code": code_sent_to(teacher.email), "next": "/klasser"})

    assert [page["Location"] for page in (first, second, third)] == [
        "/konto/logga-in?next=/klasser",
        "/konto/logga-in/kod?next=%2Fklasser",
        "/klasser",
    ]


def test_a_teacher_without_a_school_chooses_one_first(client: Client, db: None) -> None:
    teacher = factories.teacher()

    answer = sign_in(client, teacher.email, next="/klasser")

    assert answer["Location"] == "/konto/skola?next=%2Fklasser"


def test_who_is_signed_in_is_led_on(client: Client, teacher: User) -> None:
    sign_in(client, teacher.email)

    assert client.get(f"{SIGN_IN}?next=/klasser")["Location"] == "/klasser"
    assert client.get(CODE)["Location"] == "/"


def test_signing_out_takes_a_post(client: Client, teacher: User) -> None:
    sign_in(client, teacher.email)

    got = client.get("/konto/logga-ut")
    still = who(client)
    posted = client.post("/konto/logga-ut")

    assert (got.status_code, still) == (405, teacher)
    assert (posted.status_code, posted["Location"]) == (302, "/")
    assert who(client) is None


@pytest.mark.parametrize("address", [SIGN_IN, CODE, "/konto/logga-ut"])
def test_a_form_from_elsewhere_is_refused(db: None, address: str) -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post(address, {"email": "x@skola.example.org", "code": WRONG}).status_code == 403


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "email/", "login/", "password/change/"])
def test_allauths_other_pages_do_not_exist(client: Client, db: None, path: str) -> None:
    assert client.get(f"/konto/{path}").status_code == 404
    assert client.get(f"/accounts/{path}").status_code == 404


def test_the_pages_of_sign_in_are_kept_by_no_cache(client: Client, teacher: User) -> None:
    pages = [client.get(SIGN_IN), ask(client, teacher.email), client.get(CODE)]

    assert all("no-store" in page["Cache-Control"] for page in pages)


# Roles


def test_an_invitation_gives_its_role_at_sign_in_and_is_used_up(client: Client, db: None) -> None:
    inviter = factories.editor()
    department, company, unit = factories.department(), factories.company(), factories.school_unit()
    Role = AccessInvitation.Role
    email = "flera@foretag.example.org"
    factories.invitation("FLERA@foretag.example.org", Role.COORDINATOR, department=department)
    factories.invitation(email, Role.COORDINATOR, company=company)
    factories.invitation(email, Role.TEACHER, school_unit=unit, invited_by=inviter)
    factories.invitation(email, Role.EDITOR)
    factories.invitation(email, Role.ADMINISTRATOR, days=-1)
    factories.invitation("annan@foretag.example.org", Role.ADMINISTRATOR)

    sign_in(client, email)

    user = User.objects.get(email=email)
    assert (user.is_teacher, user.is_editor, user.is_administrator) == (True, True, False)
    assert {(c.department, c.company) for c in user.coordinations.all()} == {(department, None), (None, company)}
    membership = SchoolMembership.objects.get()
    assert (membership.school_unit, membership.confirmed_by) == (unit, inviter)
    assert membership.confirmed_at is not None
    assert AuditEntry.objects.filter(verb="was given a role", by=user).count() == 4
    assert AccessInvitation.objects.filter(accepted_at__isnull=True).count() == 2


def test_an_invitation_is_taken_up_by_an_old_account_too(client: Client, teacher: User) -> None:
    factories.invitation(teacher.email, AccessInvitation.Role.EDITOR)

    sign_in(client, teacher.email)

    teacher.refresh_from_db()
    assert (teacher.is_teacher, teacher.is_editor) == (True, True)


def test_asking_for_a_code_gives_no_role(client: Client, teacher: User) -> None:
    factories.invitation(teacher.email, AccessInvitation.Role.EDITOR)

    ask(client, teacher.email)

    teacher.refresh_from_db()
    assert teacher.is_editor is False


# Limits


@pytest.mark.parametrize("email", ["anna@skola.example.org", "okand@stad.example.org"])
def test_the_sixth_code_in_a_quarter_has_to_wait(
    client: Client, teacher: User, early_in_the_hour: Any, email: str
) -> None:
    statuses = [ask(client, email).status_code for _ in range(5)]
    late = ask(client, email)
    early_in_the_hour.shift(timedelta(minutes=15))

    assert statuses == [302] * 5
    assert (late.status_code, late["Retry-After"]) == (429, "899")
    assert "Vänta 15 minuter" in late.text
    assert ask(client, email).status_code == 302


def test_the_limit_is_of_the_account_wherever_the_asking_comes_from(teacher: User, early_in_the_hour: Any) -> None:
    statuses = [
        Client(REMOTE_ADDR=f"198.51.100.{number}").post(SIGN_IN, {"email": teacher.email}).status_code
        for number in range(6)
    ]

    assert statuses == [302] * 5 + [429]


def test_a_whole_school_behind_one_address_gets_in(db: None, early_in_the_hour: Any) -> None:
    factories.domain()

    landed = [sign_in(Client(), f"larare{number}@skola.example.org")["Location"] for number in range(35)]

    assert landed == ["/konto/skola"] * 35


def test_one_client_cannot_ask_for_codes_to_a_whole_town(db: None, early_in_the_hour: Any) -> None:
    client = Client(REMOTE_ADDR="2001:db8::1")
    for number in range(300):
        assert client.post(SIGN_IN, {"email": f"x{number}@stad.example.org"}).status_code == 302

    neighbour = Client(REMOTE_ADDR="2001:db8::2")
    elsewhere = Client(REMOTE_ADDR="2001:db8:0:1::1")

    assert neighbour.post(SIGN_IN, {"email": "y@stad.example.org"}).status_code == 429
    assert elsewhere.post(SIGN_IN, {"email": "y@stad.example.org"}).status_code == 302


def test_ten_wrong_codes_in_an_hour_stop_even_the_right_one(teacher: User, early_in_the_hour: Any) -> None:
    for number in range(2):
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        ask(client, teacher.email)
        for _ in range(5):
            assert client.post(CODE, {"code": WRONG}).status_code == 422
    client = Client()
    ask(client, teacher.email)
    code = code_sent_to(teacher.email)

    stopped = client.post(CODE, {"code": code})
    early_in_the_hour.shift(timedelta(hours=1))
    ask(client, teacher.email)
    later = client.post(CODE, {"code": code_sent_to(teacher.email)})

    assert (stopped.status_code, stopped["Retry-After"]) == (429, "3599")
    assert later.status_code == 302


def test_a_right_code_forgives_the_wrong_ones(client: Client, teacher: User, early_in_the_hour: Any) -> None:
    for _ in range(3):
        ask(client, teacher.email)
        for _ in range(4):
            assert client.post(CODE, {"code": WRONG}).status_code == 422
        assert client.post(CODE, {"code": code_sent_to(teacher.email)}).status_code == 302
        client.post("/konto/logga-ut")


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_are_all_counted() -> None:
    factories.teacher("anna@skola.example.org", at=factories.school_unit())
    client = Client()
    ask(client, "anna@skola.example.org")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value

    def guess() -> bool:
        twin = Client()
        twin.cookies[settings.SESSION_COOKIE_NAME] = cookie
        return "skrivits fel 5 gånger" in twin.post(CODE, {"code": WRONG}).text

    stopped = at_once([guess] * 8)

    # Of two at the same moment both may read the higher count: strict, never lax.
    assert sum(stopped) >= 3
    assert RateCount.objects.get(key__startswith="tries of").count == 8


def test_counts_hold_no_addresses(client: Client, teacher: User) -> None:
    sign_in(client, teacher.email)

    keys = " ".join(RateCount.objects.values_list("key", flat=True))
    assert "anna" not in keys
    assert "127.0.0.1" not in keys


# The client's address behind proxies


def address_seen(settings: Any, proxies: tuple[str, ...], peer: str, **headers: str) -> tuple[str, bool]:
    settings.TRUSTED_PROXIES = proxies
    seen = {}

    def view(request: HttpRequest) -> HttpResponse:
        seen.update(request.META)
        seen["secure"] = request.is_secure()
        return HttpResponse()

    TrustedProxyMiddleware(view)(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))
    assert "HTTP_X_FORWARDED_FOR" not in seen
    return seen["REMOTE_ADDR"], seen["secure"]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.9", "203.0.113.5", "192.0.2.9"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5, 10.0.0.7", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("10.0.0.1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 10.0.0.7", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("", "203.0.113.5", ""),
    ],
)
def test_only_trusted_proxies_are_believed_about_the_client(
    settings: Any, peer: str, forwarded_for: str, client: str
) -> None:
    seen, _ = address_seen(settings, ("10.0.0.0/8",), peer, HTTP_X_FORWARDED_FOR=forwarded_for)

    assert seen == client


def test_only_trusted_proxies_are_believed_about_the_scheme(settings: Any) -> None:
    trusted = address_seen(settings, ("10.0.0.1",), "10.0.0.1", HTTP_X_FORWARDED_PROTO="https")
    other = address_seen(settings, ("10.0.0.1",), "10.0.0.2", HTTP_X_FORWARDED_PROTO="https")
    odd = address_seen(settings, ("10.0.0.1",), "10.0.0.1", HTTP_X_FORWARDED_PROTO="gopher")

    assert [secure for _, secure in (trusted, other, odd)] == [True, False, False]


def test_a_list_of_proxies_that_cannot_be_read_stops_the_start(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ("10.0.0.0/33",)

    with pytest.raises(ImproperlyConfigured, match="BRYGGAN_TRUSTED_PROXIES"):
        TrustedProxyMiddleware(lambda _request: HttpResponse())


def test_a_made_up_forwarded_header_does_not_get_round_the_limit(db: None, early_in_the_hour: Any) -> None:
    client = Client()
    for number in range(300):
        client.post(SIGN_IN, {"email": f"x{number}@stad.example.org"}, headers={"X-Forwarded-For": f"1.2.3.{number}"})

    answer = client.post(SIGN_IN, {"email": "y@stad.example.org"}, headers={"X-Forwarded-For": "9.9.9.9"})

    assert answer.status_code == 429
