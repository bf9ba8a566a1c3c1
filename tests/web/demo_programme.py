"""Saved programmes in the demo, for whoever looks at their pages. Each is run in a process of the demo's own.

The first has seats held, a lock, a note and a clash; it prints the number of the programme, its day and a stop, and
run again gives the same. The second has one thing of the class's own, at ten, and room to move it.
"""

MAKE_PROGRAMME = """
import datetime
import django
django.setup()
from django.utils import timezone
from bryggan.accounts.models import SchoolClass
from bryggan.fair.programmes import itineraries, programme_seats, proposing, stops
from bryggan.fair.models import Fair, Itinerary
from bryggan.accounts.school_days import school_days

school_class = SchoolClass.objects.filter(teachers__email="larare@skola.example.org", label="8B").get()
teacher = school_class.teachers.get(email="larare@skola.example.org")
fair = Fair.objects.current()
itinerary = Itinerary.objects.filter(school_class=school_class, name="Att titta noga på").first()
if itinerary is None:
    days = [day for day in school_days(fair.days) if day > timezone.localdate()]
    proposal = proposing.propose(school_class, fair, days[0])
    itinerary = itineraries.make_itinerary(
        school_class, fair, frames=[proposal.frame], stops=[stop.chosen for stop in proposal.stops],
        name="Att titta noga på", by=teacher,
    ).itinerary
    kept = list(itinerary.stops.kept().filter(occasion__isnull=False).order_by("starts_at"))
    stops.lock(kept[0], by=teacher)
    stops.set_note(kept[0], "Ta med regnkläder.", by=teacher)
    programme_seats.hold_seats(itinerary, by=teacher)
    starts_at = kept[1].starts_at
    stops.add_own_block(
        itinerary, starts_at, starts_at + datetime.timedelta(minutes=20), title="Krockar med flit", by=teacher
    )
stop = itinerary.stops.kept().filter(occasion__isnull=False).order_by("starts_at").first()
print(itinerary.pk, itinerary.days.get().on, stop.pk)
"""

MAKE_MOVABLE = """
import datetime
import django
django.setup()
from django.utils import timezone
from bryggan.accounts.models import SchoolClass
from bryggan.accounts.school_days import school_days
from bryggan.fair.programmes import itineraries, stops
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.local_times import moment
from bryggan.fair.models import Fair

school_class = SchoolClass.objects.filter(teachers__email="larare@skola.example.org", label="8B").get()
teacher = school_class.teachers.get(email="larare@skola.example.org")
fair = Fair.objects.current()
on = [day for day in school_days(fair.days) if day > timezone.localdate()][1]
itinerary = itineraries.make_itinerary(
    school_class, fair, frames=[Frame(on)], stops=[], name="Att flytta i", by=teacher
).itinerary
stops.add_own_block(
    itinerary, moment(on, datetime.time(10)), moment(on, datetime.time(10, 30)), title="Samling", by=teacher
)
print(itinerary.pk)
"""
