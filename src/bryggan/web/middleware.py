"""What happens around every request."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
GetResponse = Callable[[HttpRequest], HttpResponse]


class TrustedProxyMiddleware:
    """Puts the real client's address in REMOTE_ADDR, and the scheme she used, when a proxy of ours tells them.

    Anybody can send X-Forwarded-For, so it is read only when the other end of the connection is listed in
    BRYGGAN_TRUSTED_PROXIES, and from the right: the first entry that is not one of our proxies is the client.
    From others the headers are taken away, so that nothing further in can be fooled by them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._trusted = tuple(_networks(settings.TRUSTED_PROXIES))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded_for = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        forwarded_proto = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        peer = _address(request.META.get("REMOTE_ADDR", ""))
        if peer is not None and self._is_ours(peer):
            request.META["REMOTE_ADDR"] = str(self._client(peer, forwarded_for))
            scheme = forwarded_proto.rpartition(",")[2].strip().lower()
            if scheme in ("http", "https"):
                request.META["wsgi.url_scheme"] = scheme
        return self.get_response(request)

    def _client(self, peer: Address, forwarded_for: str) -> Address:
        client = peer
        for entry in reversed(forwarded_for.split(",")):
            address = _address(entry)
            if address is None:
                break
            client = address
            if not self._is_ours(address):
                break
        return client

    def _is_ours(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


class PageMiddleware:
    """With BRYGGAN_REQUIRE_SIGN_IN set, what tells of initiatives is for signed-in people: pages, cards, open data."""

    closed = ("/utforska", "/initiativ/", "/kort/", "/bild/", "/forslag", "/api/v1/initiatives", "/api/v1/suggestions")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.REQUIRE_SIGN_IN and not request.user.is_authenticated and request.path.startswith(self.closed):
            if request.path.startswith("/api/"):
                return JsonResponse({"detail": _("Staden kräver inloggning för att visa initiativ.")}, status=401)
            return redirect_to_login(request.get_full_path())
        return self.get_response(request)


def _networks(texts: Iterable[str]) -> Iterable[Network]:
    for text in texts:
        try:
            yield ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise ImproperlyConfigured(f"BRYGGAN_TRUSTED_PROXIES: {text!r} is no address or network") from error


def _address(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
