"""How allauth is bent to this service: see sign_in.py for who may come in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import escape, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe

from bryggan.accounts import sign_in
from bryggan.common import outbox


class AccountAdapter(DefaultAccountAdapter):
    def generate_login_code(self) -> str:
        return sign_in.new_code()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a mail from one template: its first line is the subject, the rest the text."""
        subject, _, text = render_to_string(f"{template_prefix}.txt", context).strip().partition("\n")
        text = text.strip() + "\n"
        outbox.queue(to=email, kind="sign-in code", subject=subject, text=text, html=html_of(text, subject))

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of this service, written from its root."""
        return bool(url) and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """There is no sign-up apart from sign-in."""
        return False

    def add_message(self, *_arguments: Any, **_more: Any) -> None:
        """Our pages say what happened; allauth's own messages are not used."""


def html_of(text: str, title: str) -> str:
    """A plain mail text as an HTML page: the same words, paragraph by paragraph."""
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    body = format_html_join("\n", "<p>{}</p>", ((mark_safe(escape(p).replace("\n", "<br>")),) for p in paragraphs))
    return (
        f'<!doctype html>\n<html lang="sv"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f'<body style="font:17px/1.5 sans-serif;color:#12263a">\n{body}\n</body></html>\n'
    )
