"""A shared programme in the demo, for whoever looks at the pages of one. Its fair is not published: no list shows it.

Run in a process of the demo's own. Prints the number of the programme and the link's token. Run again it gives the
same programme, with a new link when the old one has ended.
"""

MAKE_SHARED = """
import datetime
import django
django.setup()
from django.utils import timezone
from bryggan.accounts.models import SchoolClass
from bryggan.fair.programmes import sharing
from bryggan.fair.models import Fair, Itinerary, ItineraryDay, Occasion, Session, Stop, Venue

on = datetime.date(2027, 6, 1)

def at(hours):
    return timezone.make_aware(datetime.datetime.combine(on, datetime.time())) + datetime.timedelta(hours=hours)

school_class = SchoolClass.objects.filter(teachers__email="larare@skola.example.org").order_by("pk").first()
teacher = school_class.teachers.get(email="larare@skola.example.org")
fair, is_new = Fair.objects.get_or_create(slug="delad-massa", defaults={
    "name": "H22 City Expo", "first_on": on, "last_on": on + datetime.timedelta(days=1), "is_demo": True,
    "practical": "Mässan är gratis.\\n\\nTa med matsäck och vattenflaska.",
})
itinerary, _ = Itinerary.objects.get_or_create(fair=fair, school_class=school_class, name="Vår dag på mässan")
if is_new:
    ItineraryDay.objects.create(
        itinerary=itinerary, on=on, begins=datetime.time(9), ends=datetime.time(14),
        lunch_from=datetime.time(11), lunch_until=datetime.time(12, 30),
    )
    ItineraryDay.objects.create(
        itinerary=itinerary, on=on + datetime.timedelta(days=1), begins=datetime.time(9), ends=datetime.time(14),
        lunch_from=datetime.time(11), lunch_until=datetime.time(12, 30),
    )
    for number, (title, place, latitude, hours) in enumerate([
        ("Bygg en bro av skräp", "Oceanhamnen", 56.0437, 9.5), ("Se hur vattnet renas", "Gröna torg", 56.0480, 10.75),
        ("Prata med en robot", "Stadsbiblioteket", 56.0420, 12.75),
    ]):
        venue = Venue.objects.create(
            fair=fair, slug=f"plats-{number}", name=place, address=f"Gatan {number + 1}", latitude=latitude,
            longitude=12.6945, has_toilets=True, is_indoor=number > 0, practical="Ta med oömma kläder.",
        )
        session = Session.objects.create(
            fair=fair, remote_id=f"punkt-{number}", title=title, summary="Vi provar tillsammans, och pratar efteråt.",
            minutes=45, venue=venue, state=["published", "changed", "cancelled"][number],
            change_note=["", "Flyttat till scen B vid fontänen", "Roboten är på verkstad"][number],
        )
        occasion = Occasion.objects.create(
            session=session, remote_id="1", starts_at=at(hours), ends_at=at(hours + 0.75),
            booking_closes_at=at(hours - 24),
        )
        Stop.objects.create(
            itinerary=itinerary, occasion=occasion, starts_at=occasion.starts_at, ends_at=occasion.ends_at
        )
    Stop.objects.create(itinerary=itinerary, kind="lunch", venue=venue, starts_at=at(11.75), ends_at=at(12.5))
link = sharing.share(itinerary, by=teacher)
print(itinerary.pk, sharing.token_of(link))
"""

REVOKE_SHARED = """
import django
django.setup()
from bryggan.accounts.models import User
from bryggan.fair.programmes import sharing
from bryggan.fair.models import Itinerary

itinerary = Itinerary.objects.get(fair__slug="delad-massa")
sharing.revoke(itinerary, by=User.objects.get(email="larare@skola.example.org"))
"""
