"""Why something was chosen, left out, refused or is wrong: codes with parameters, and the Swedish sentences for them.

Everything here is data: it is stored beside a stop, sent to pages, sheets and the open data, and put into words last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Param = str | int


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of `SENTENCES` and what its sentence is filled with. `str()` of it is the sentence."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence(self)

    def as_json(self) -> dict[str, object]:
        return {"code": self.code, "params": dict(self.params)}


SENTENCES: Mapping[str, str | Promise] = {
    # Why it is in the day.
    "core content": _("%(subject)s: %(point)s"),
    "subject": _("Handlar om %(subject)s."),
    "programme": _("Passar %(programme)s."),
    "interest": _("Ni valde %(what)s."),
    "for children": _("Ingår i barnspåret."),
    "suits": _("Passar er ålder."),
    "lunch": _("Tid för lunch."),
    "own": _("Eget på ert schema."),
    "invited": _("Ni tackade ja till en inbjudan."),
    # Why it is not, or why it cannot be had.
    "full": _("Fullbokat."),
    "too few seats": _("Bara %(seats)s platser kvar, och ni behöver %(people)s."),
    "others wait": _("Andra klasser står i kö före er."),
    "waits already": _("Ni står redan i kö."),
    "booking closed": _("Bokningen har stängt."),
    "booking not open": _("Bokningen öppnar %(when)s."),
    "booking not open yet": _("Bokningen har inte öppnat."),
    "no seats": _("Ni har inga platser där."),
    "no booking": _("Behöver inte bokas."),
    "not now": _("Det går inte just nu. Försök igen."),
    "cancelled": _("Inställt."),
    "not offered": _("Finns inte i mässans program."),
    "not at this fair": _("Ges inte på den här mässan."),
    "wrong years": _("Passar %(years)s."),
    "wrong school form": _("Passar %(forms)s."),
    "wrong programme": _("Passar %(programmes)s."),
    "group too big": _("Tar grupper upp till %(most)s personer, ni är %(people)s."),
    "group too small": _("Tar grupper från %(least)s personer, ni är %(people)s."),
    "takes up to": _("Tar grupper upp till %(most)s personer."),
    "takes from": _("Tar grupper från %(least)s personer."),
    "empty class": _("Klassen har inga elever. Ändra antalet på klassens sida."),
    "closed": _("Stängt då."),
    "only given": _("Ges %(opens)s–%(closes)s."),
    "broken times": _("Tiden är fel i mässans program."),
    "outside the day": _("Ligger utanför er dag, %(begins)s–%(ends)s."),
    "not that day": _("Ges inte den dagen."),
    "too far": _("För långt att gå: %(minutes)s minuter."),
    "too far before": _("För långt att gå före %(time)s."),
    "too far after": _("För långt att gå efter %(time)s."),
    "clash": _("Krockar med %(what)s."),
    "no lunch left": _("Ni hinner inte äta lunch."),
    "no time": _("Krockar med %(instead)s, som passar bättre."),
    "no time at all": _("Det fanns inte tid."),
    "less fitting": _("Promenaden dit är lång för det den ger, eller så har ni redan liknande."),
    "chosen already": _("Finns redan i programmet, %(time)s."),
    "excluded": _("Ni har valt bort det."),
    "over": _("Har redan börjat eller varit."),
    "initiative withdrawn": _("Staden visar inte längre initiativet."),
    # What is wrong in a saved day.
    "walk too short": _("Ni behöver %(needed)s minuter för att gå från %(from)s men har %(has)s."),
    "walk too long": _("Promenaden från %(from)s tar %(minutes)s minuter. Ni ville gå högst %(most)s."),
    "too late home": _("Ni är tillbaka %(back)s, senare än %(ends)s."),
    "too early": _("Ni hinner inte dit. Ni kan vara framme %(arrive)s."),
    "no lunch": _("Ni har ingen lunch den här dagen."),
    "held until": _("Platserna hålls till %(time)s. Boka dem innan dess."),
    "held ran out": _("Tiden för att boka gick ut. Platserna är inte längre era."),
    "seats for others": _("Platserna är bokade för %(booked)s personer, men ni är %(people)s."),
    "not a working day": _("Det är helg den dagen."),
    "day outside the fair": _("Mässan är inte öppen den dagen."),
    "day has passed": _("Dagen har redan varit."),
    "no such day": _("Programmet har inte den dagen. Lägg till den först."),
    "no day alike": _("Det finns ingen skoldag kvar att kopiera till."),
    "ends before it begins": _("Sluttiden ligger före starttiden."),
    "lasts into another day": _("Det slutar en annan dag."),
    "class put away": _("Klassen är undanlagd."),
    # How the planning went.
    "nothing given": _("Mässan har inget den dagen. Prova en annan dag."),
    "nothing for the age": _("Inget den dagen passar er ålder. Prova en annan dag."),
    "nothing for the group": _(
        "Ni är för många eller för få för allt som ges den dagen. Dela klassen eller prova en annan dag."
    ),
    "everything full": _("Allt som passar er är fullbokat den dagen. Prova en annan dag."),
    "nothing in time": _("Inget som passar er går att hinna med. Börja tidigare, sluta senare eller gå längre."),
    "longer walks": _("Vi fick räkna med längre promenader än %(minutes)s minuter för att hitta något."),
    "much walking": _("Det som passar ligger långt bort, så det blir mycket promenad."),
    "without lunch": _("Lunchen fick inte plats. Ät före eller efter."),
}


def sentence(reason: Reason) -> str:
    """The reason in words. An unknown code, from an older version, is answered with nothing."""
    text = SENTENCES.get(reason.code)
    if text is None:
        return ""
    try:
        return str(text) % dict(reason.params)
    except (KeyError, TypeError, ValueError):
        return ""
