"""Every measure once: what it is called, what exactly it counts, and over what time.

Pages, downloads and letters show the definition beside the figure, from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Measure:
    """`facts`: names of the facts that are added up; `adds`: "count", or "amount" where the fact has one.

    The period of each is a term: August to December, or January to July. A fact belongs to the month it happened in.
    """

    key: str
    name: Text
    definition: Text
    facts: tuple[str, ...]
    adds: str = "count"


MEASURES = (
    Measure(
        "interest",
        _("Nyfikna klasser"),
        _(
            "Hur många gånger en klass har sagt att den är nyfiken på ett initiativ eller en programpunkt. "
            "En klass som ångrar sig räknas ändå."
        ),
        ("interest",),
    ),
    Measure(
        "programme",
        _("Program för mässan"),
        _("Hur många program för en dag på mässan som klasser har sparat."),
        ("programme",),
    ),
    Measure(
        "stops",
        _("Programpunkter"),
        _("Hur många programpunkter klasser har lagt in i sina program. Det som tas bort dras inte ifrån."),
        ("programme stop",),
    ),
    Measure(
        "booking",
        _("Bokningar"),
        _(
            "Hur många gånger en klass har bokat platser. En avbokning dras inte ifrån, "
            "och en flytt till en annan tid räknas inte."
        ),
        ("booking",),
    ),
    Measure(
        "seats",
        _("Bokade platser"),
        _("Hur många elever och vuxna bokningarna gällde när de gjordes."),
        ("booking",),
        "amount",
    ),
    Measure(
        "invitation",
        _("Inbjudna klasser"),
        _("Hur många inbjudningar som har gått till klasser. En klass kan bjudas in flera gånger."),
        ("invitation",),
    ),
    Measure(
        "accepted",
        _("Ja till inbjudan"),
        _("Hur många inbjudningar som klasser har tackat ja till."),
        ("invitation accepted",),
    ),
    Measure(
        "rounds",
        _("Idérundor"),
        _("Hur många idérundor som lärare har öppnat."),
        ("idea round",),
    ),
    Measure(
        "ideas",
        _("Idéer till staden"),
        _("Hur många idéer som klasser har skickat till staden."),
        ("idea sent",),
    ),
    Measure(
        "answers",
        _("Svar från staden"),
        _("Hur många av idéerna som staden har svarat på."),
        ("idea answered",),
    ),
    Measure(
        "work",
        _("Arbete i klassrummet"),
        _("Hur många gånger en lärare har kryssat för att klassen har arbetat med ett initiativ."),
        ("class work",),
    ),
)
BY_KEY = {measure.key: measure for measure in MEASURES}

ACTIVE = _("Skolor och förskolor med egen aktivitet")
ACTIVE_DEFINITION = _(
    "En skola eller förskola är aktiv en termin när dess klasser tillsammans har gjort något av det som räknas, "
    "minst så många gånger som bestämts."
)
# Names of the facts that may count as activity, for the editor to choose among.
ACTIVITIES = {
    "interest": _("sagt att de är nyfikna"),
    "programme": _("sparat ett program för mässan"),
    "booking": _("bokat platser"),
    "invitation accepted": _("tackat ja till en inbjudan"),
    "idea round": _("öppnat en idérunda"),
    "idea sent": _("skickat en idé till staden"),
    "class work": _("arbetat med ett initiativ i klassrummet"),
}
