"""allauth's sign-in by code, with our rules: see `accounts.sign_in`.

The pending sign-in lies in the session as an address, a ticket and a hash of the code: no account yet. A code
works in the browser that asked for it, once.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from bryggan.accounts import sign_in
from bryggan.accounts.models import User
from bryggan.web.accounts.guards import start_page


class CodeUsed(Exception):
    """Another request signed in with this code a moment ago."""


class CodeProcess(LoginCodeVerificationProcess):
    @classmethod
    @transaction.atomic
    def begin(cls, request: HttpRequest, email: str) -> None:
        """Remember in the session that `email` wants in, and send a code if she is expected. Replaces an older one."""
        login = Login(email=email)
        login.state["stages"] = {"current": LoginByCodeStage.key}
        stage = LoginByCodeStage(LoginStageController(request, login), request, login)
        stage.state.update(cls.initial_state(user=None, email=email))
        stage.state.update(initiated_by_user=True, ticket=secrets.token_hex(16))
        process = cls(stage)
        process.send()
        process.persist()
        # In the same transaction as the mail: never one without the other.
        request.session.save()

    @classmethod
    def pending(cls, request: HttpRequest) -> CodeProcess | None:
        """The sign-in that this browser has begun, even when its code is too old."""
        stage = None
        if not request.user.is_authenticated:
            stage = LoginStageController.enter(request, LoginByCodeStage.key)
        return cls(stage) if stage and stage.state.get("ticket") else None

    @property
    def email(self) -> str:
        return str(self.state["email"])

    @property
    def ticket(self) -> str:
        return str(self.state["ticket"])

    def matches(self, code: str) -> bool:
        expected = self.state.get("code", "")
        return bool(expected) and constant_time_compare(sign_in.code_hash(code, self.ticket), expected)

    def send_by_email(self, email: str, skip_enumeration_mails: bool = False) -> None:
        if sign_in.is_expected(email):
            code = sign_in.new_code()
            self.state["code"] = sign_in.code_hash(code, self.ticket)
            minutes = self.timeout // 60
            get_adapter().send_mail("accounts/mail/sign_in_code", email, {"code": code, "minutes": minutes})

    @transaction.atomic
    def finish(self, redirect_url: str | None) -> HttpResponse:
        """Sign the person in. Raises CodeUsed, and `sign_in.NotExpected` when she may no longer come in."""
        self._take_session()
        user = sign_in.enter(self.email)
        sign_in.forgive_tries(self.email)
        record_authentication(self.request, user, method="code", email=self.email)
        response: HttpResponse = perform_login(
            self.request, Login(user=user, email=self.email, redirect_url=arrival(user, redirect_url or ""))
        )
        self.request.session.save()
        return response

    def forget(self) -> None:
        """Let go of this code but not of the address."""
        self.state.pop("code", None)
        self.persist()

    def _take_session(self) -> None:
        """Of two requests with the same session, the one that deletes its row goes on; the key changes anyway."""
        session: Any = self.request.session
        rows = type(session).get_model_class().objects.filter(session_key=session.session_key)
        if not rows.delete()[0]:
            raise CodeUsed


def arrival(user: User, going_to: str) -> str:
    """Where a person lands: where she was going; a teacher without a school first chooses that."""
    if user.is_teacher and not user.school_memberships.exists():
        return reverse("choose_school") + (f"?{urlencode({'next': going_to})}" if going_to else "")
    return going_to or start_page()
