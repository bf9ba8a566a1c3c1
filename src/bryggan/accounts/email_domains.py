"""Mail domains, and what those who read mail there are. A table of the accounts room, as the rest in `models.py`."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

# Anybody has an address there, so it tells nothing about who somebody is.
OPEN_TO_ANYBODY = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com icloud.com me.com yahoo.com proton.me "
    "protonmail.com gmx.com mail.com outlook.se hotmail.se live.se yahoo.se telia.com bredband.net comhem.se "
    "spray.se".split()
)


class EmailDomain(models.Model):
    """A mail domain, exactly as written: what those who read mail there are, once they have signed in.

    Teachers; pupils, who are refused; or coordinators of one department or one company, which an administrator says.
    """

    class Kind(models.TextChoices):
        TEACHERS = "teachers", _("lärare")
        PUPILS = "pupils", _("elever: nekas")
        COORDINATORS = "coordinators", _("samordnare för en förvaltning eller ett företag")

    domain = models.CharField(_("domän"), max_length=200, unique=True)
    kind = models.CharField(_("vilka de är"), max_length=12, choices=Kind)
    department = models.ForeignKey(
        "accounts.Department",
        verbose_name=_("förvaltning"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="email_domains",
        help_text=_("För samordnare: alla med en adress i domänen samordnar den när de loggar in första gången."),
    )
    company = models.ForeignKey(
        "accounts.Company",
        verbose_name=_("företag"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="email_domains",
        help_text=_("För samordnare: räknas när företaget är godkänt."),
    )

    class Meta:
        ordering: ClassVar = ["domain"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(domain=Lower("domain")), name="domain_in_lower_case"),
            models.CheckConstraint(
                condition=models.Q(kind="coordinators", department__isnull=False, company__isnull=True)
                | models.Q(kind="coordinators", department__isnull=True, company__isnull=False)
                | (~models.Q(kind="coordinators") & models.Q(department__isnull=True, company__isnull=True)),
                name="coordinators_of_one_host_and_nobody_else_of_any",
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    def clean(self) -> None:
        coordinates = self.kind == self.Kind.COORDINATORS
        if self.kind != self.Kind.PUPILS and self.domain.strip().lower().removeprefix("@") in OPEN_TO_ANYBODY:
            raise ValidationError(
                {"domain": _("Vem som helst kan skaffa en adress där, så domänen ger inga rättigheter.")}
            )
        if coordinates and (self.department_id is None) == (self.company_id is None):
            raise ValidationError({"department": _("Välj en förvaltning eller ett företag, inte båda.")})
        if not coordinates and (self.department_id or self.company_id):
            raise ValidationError({"kind": _("Bara samordnares domän hör till en förvaltning eller ett företag.")})
