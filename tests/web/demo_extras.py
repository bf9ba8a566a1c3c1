"""What the demo gets only with time, made at once: a picture, a pair to judge, a reading that went wrong.

Run in a process of the demo's own, so that no test writes past it.
"""

MAKE_EXTRAS = """
import io
import django
django.setup()
from django.utils import timezone
from PIL import Image
from bryggan.initiatives.models import Initiative, MoveProposal, Picture, PictureFile, Source, SyncRun

pilot, old, new = Initiative.objects.filter(remote_id__in=["demo-pilot", "demo-5", "demo-18"]).order_by("pk")
content = io.BytesIO()
Image.new("RGB", (640, 360), "#cfe0ee").save(content, "webp")
picture = Picture.objects.create(
    initiative=new, address="https://example.org/bild.jpg", alt="Två vindsnurror på en pir",
    caption="Vindsnurrorna den första dagen", fetched_at=timezone.now(),
)
PictureFile.objects.create(picture=picture, digest="a" * 32, width=640, height=360, content=content.getvalue())
MoveProposal.objects.create(old=old, new=new, likeness=0.8)
SyncRun.objects.create(
    source=Source.objects.first(), kind=SyncRun.Kind.FULL, finished_at=timezone.now(), seen=3, withdrawn=1,
    left_out=[{"id": "7", "reason": "internal project"}], refused=[{"id": "8", "reason": "no title"}],
    changes=[{"id": 1, "title": "Läxhjälp i tvättstugan", "change": "withdrawn"}],
    error="The source answered 503 (maintenance).",
)
"""
