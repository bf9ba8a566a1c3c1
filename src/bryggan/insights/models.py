"""What counts as an active school: written down, shown beside the figure, and an editor's to change."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import User

# Names of facts: what a school may do in a term to count as active.
USUAL = ("programme", "booking", "invitation accepted", "idea round", "class work")


def usual_measures() -> list[str]:
    return list(USUAL)


class ActivityDefinition(models.Model):
    """One row: a school is active in a term when its classes have done these things at least so many times."""

    measures = models.JSONField(_("det som räknas"), default=usual_measures)
    least = models.PositiveSmallIntegerField(
        _("minst så många gånger under terminen"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    changed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="one_definition_of_activity")]

    def __str__(self) -> str:
        return f"{', '.join(self.measures)}, minst {self.least}"

    @classmethod
    def current(cls) -> ActivityDefinition:
        """The definition in force; the usual one until somebody has changed it."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
