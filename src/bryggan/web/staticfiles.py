"""Static files under names that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed. A missing file is an error while testing, not a broken page in use."""

    manifest_strict = True


def prepare() -> None:
    """Collect the static files unless the collected ones are those of this code."""
    mark = Path(settings.STATIC_ROOT) / ".made-from"
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in sorted(finder.list([]), key=lambda item: item[0]):
            digest.update(path.encode())
            digest.update(str(storage.size(path)).encode())
            digest.update(str(storage.get_modified_time(path)).encode())
    if mark.exists() and mark.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(digest.hexdigest())
