"""A round of ideas in the demo, new each time, for whoever looks at the pages of one.

Run in a process of the demo's own. Prints numbers of the round, of an approved idea and of a proposal, and the code.
"""

MAKE_ROUND = """
import uuid
import django
django.setup()
from bryggan.accounts.models import SchoolClass, User
from bryggan.ideas import leading, proposals, taking_part
from bryggan.initiatives.models import Initiative

teacher = User.objects.get(email="larare@skola.example.org")
school_class = SchoolClass.objects.filter(teachers=teacher).order_by("pk").first()
round = leading.open_round(
    school_class=school_class, question="Hur kan vi spara vatten på skolgården?",
    initiative=Initiative.objects.get(remote_id="demo-pilot"), by=teacher,
)

def idea(key, text, strokes=()):
    return taking_part.write(round, key, text=text, strokes=strokes, sent_key=uuid.uuid4())

face = [[200, 500, 260, 250, 500, 160, 740, 250, 800, 500, 740, 750, 500, 840, 260, 750, 200, 500],
        [400, 420], [600, 420], [370, 620, 500, 700, 630, 620]]
approved = leading.approve(idea("a", "Samla regn i tunnor och vattna med det"), by=teacher)
leading.approve(idea("b", "En gubbe som visar hur mycket regn som har kommit", face), by=teacher)
sent = leading.approve(idea("c", "Plantera växter som tål torka"), by=teacher)
proposal = proposals.send_to_city(sent, why="Den kostar lite och blir fin.", by=teacher)
leading.hide(idea("d", "En idé som läraren har dolt"), by=teacher)
idea("e", "Jag heter Kalle och vill ha en damm")
idea("f", "", face)
print(round.pk, approved.pk, proposal.pk, round.code)
"""
