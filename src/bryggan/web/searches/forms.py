"""The form of a saved search's name."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from bryggan.alignment.models import SavedSearch
from bryggan.alignment.saving import LONGEST_NAME


class NameForm(forms.Form):
    name = forms.CharField(label=_("Namn"), max_length=LONGEST_NAME)

    def __init__(self, data: object = None, *, saved: SavedSearch) -> None:
        # Many of these stand on one page: every field has an id of its own.
        super().__init__(data, initial={"name": saved.name}, auto_id=f"id_{saved.pk}_%s")  # type: ignore[arg-type]
        if self.is_bound and self.errors:
            described = {"aria-invalid": "true", "aria-describedby": f"id_{saved.pk}_name_error"}
            self.fields["name"].widget.attrs.update(described)
