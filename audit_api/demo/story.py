"""What became of the findings: each person's decisions, so that every state is there to be seen.

Which station plays which part is chosen by hand among what `visits` makes up. All that is said and
decided here is made up, and most of it says so.
"""

from datetime import date, timedelta

from audit_api.demo.desk import Desk
from audit_api.demo.people import ISFANA, KARA_BAK
from audit_api.demo.repairs import Repairs

DEMAND = "Демонстрация: устранить нарушения до дня выборов."
ANSWER_DAYS = 10
SHOWN = "Demonstration: the photo shows what was measured."
A_MONTH = timedelta(days=30)
LATER_BY = ((8051, "ramp", 2), (8051, "door", -2), (8192, "ramp", -4))
"""Station, element, and when its repair is due, in days after list №1: reminded, then told to the
district, then to the headquarters; all others have come to the prosecutor's list."""


class Story:
    """Everybody at their desk, and the tablets."""

    def __init__(self, base_url: str, campaign: str, repairs: Repairs) -> None:
        self.campaign = campaign
        self.repairs = repairs
        self.headquarters = Desk(base_url, "headquarters")
        self.supervisor = Desk(base_url, "supervisor")
        self.prosecutor = Desk(base_url, "prosecutor")
        self.heads = {
            name: Desk(base_url, f"lsg.{name}")
            for name in ("kara-bak", "samarkandek", "isfana", "uch-korgon")
        }

    def tell(self) -> None:
        """All of it, in the order in which it happened; again changes nothing."""
        self._kara_bak()
        self._samarkandek()
        self._isfana()
        self._uch_korgon()
        self._deadlines()

    def _kara_bak(self) -> None:
        """Two served lists and an order: between the lists a door was rebuilt and measured."""
        self._confirm(8066)
        self._confirm(8068, "door")
        self._serve(1)
        self._begin("kara-bak", 8066, "door", cost_som=42_000)
        self._report("kara-bak", 8066, "door", space_width_mm=1560, pull_depth_mm=1560)
        self.repairs.measure_again(
            "inspector.batken", 8066, "door", space_width_mm=1560, pull_depth_mm=1560
        )
        self._confirm(8068, "ramp")
        self._serve(2)
        if not self.prosecutor.get("/acts")["items"]:
            self._order()
        self._begin("kara-bak", 8068, "ramp", cost_som=180_000)
        self._ask("kara-bak", 8068, "ramp", "the mason comes after the frost.")

    def _samarkandek(self) -> None:
        """A claimed repair that waits for a measurement, a declined task, a misread threshold."""
        self._begin("samarkandek", 8057, "door")
        self._report("samarkandek", 8057, "door", threshold_mm=10)
        self._begin("samarkandek", 8057, "ramp", cost_som=95_000)
        self._ask("samarkandek", 8057, "ramp", "the cement comes with the next lorry.")
        self._decline("samarkandek", 8186, "ramp", "the handrails were put up since.")
        for threshold in self.supervisor.violations(8186, "door", "door.threshold"):
            self._correct(threshold, "threshold_mm", 12)

    def _isfana(self) -> None:
        """Confirmed and ready for list №3; a corrected value, a re-measurement, a return."""
        for width in self.supervisor.violations(8051, "door", "door.entrance-width"):
            self._correct(width, "width_mm", 1103)
        for turning in self.supervisor.violations(8011, "corridor", "corridor.turning"):
            self.supervisor.decide(
                turning, "remeasure", "Demonstration: measure where the cupboard stood."
            )
        self._confirm(8051)
        self._begin("isfana", 8011, "ramp")
        self._report("isfana", 8011, "ramp", handrail_lower_mm=700)
        self.supervisor.say(
            self.supervisor.task(8011, "ramp"),
            "returns",
            "return",
            reason="Demonstration: the photo shows the upper handrail.",
        )
        self._decline("isfana", 8011, "entrance", "the platform belongs to the clinic next door.")
        self._ask("isfana", 8001, "toilet", "the wall between two cabins has to go.")
        self.headquarters.say(
            self.headquarters.task(8001, "toilet"),
            "deadlines",
            "set_deadline",
            due_on=self._later().isoformat(),
            reason="Demonstration: granted, the toilet is not on the path to the ballot box.",
        )

    def _uch_korgon(self) -> None:
        """A repair that was measured and found wanting, a seen task, a finding that was none."""
        self._begin("uch-korgon", 8205, "door")
        self._report("uch-korgon", 8205, "door", threshold_mm=12)
        self.repairs.measure_again("inspector.kadamjai", 8205, "door", threshold_mm=18)
        head = self.heads["uch-korgon"]
        head.say(head.task(8192, "ramp"), "acknowledgements", "acknowledge")
        self._decline("uch-korgon", 8192, "entrance", "the platform is wide enough for two.")
        for handrails in self.supervisor.violations(8205, "ramp", "ramp.handrails"):
            self.supervisor.decide(
                handrails, "overturn", "Demonstration: the photo shows handrails on both sides."
            )

    def _deadlines(self) -> None:
        """Other days, so that not everything is years late: one repair for each step on the way."""
        for station, element, days in LATER_BY:
            self.headquarters.say(
                self.headquarters.task(station, element),
                "deadlines",
                "set_deadline",
                due_on=(self._served_on() + timedelta(days)).isoformat(),
                reason="Demonstration: the school is shut for the holidays.",
            )

    def _confirm(self, station: int, element: str = "") -> None:
        """What photos show of a station, or of one sort of element there."""
        for violation in self.supervisor.violations(station, element):
            if violation["photos"] and violation["state"] == "open":
                self.supervisor.decide(violation, "confirm", SHOWN)

    def _correct(self, violation: dict[str, object], measure: str, value: int) -> None:
        """What the photo shows instead of what was typed."""
        self.supervisor.decide(
            violation,
            "correct",
            f"Demonstration: the tape on the photo shows {value}.",
            corrections=[{"measure": measure, "answer": {"value": value, "unit": "mm"}}],
        )

    def _serve(self, number: int) -> None:
        """A list to the body of Kara-Bak, unless the office has as many already."""
        if len(self.prosecutor.get("/served-lists")["items"]) < number:
            self.prosecutor.post("/served-lists", letter(self.campaign, KARA_BAK))

    def _order(self) -> None:
        """Over the last list that was served."""
        served = self.prosecutor.get("/served-lists")["items"][-1]
        answer_due_on = date.fromisoformat(served["served_on"]) + timedelta(ANSWER_DAYS)
        act = {
            "kind": "order",
            "served_list": served["id"],
            "demand": DEMAND,
            "answer_due_on": answer_due_on.isoformat(),
        }
        self.prosecutor.post("/acts", act)

    def _decline(self, head: str, station: int, element: str, reason: str) -> None:
        """A head does not take a task on, and says why."""
        desk = self.heads[head]
        task = desk.task(station, element)
        desk.say(task, "declines", "decline", reason=f"Demonstration: {reason}")

    def _ask(self, head: str, station: int, element: str, reason: str) -> None:
        """A head asks for a month more."""
        desk = self.heads[head]
        desk.say(
            desk.task(station, element),
            "extension-requests",
            "ask_extension",
            due_on=self._later().isoformat(),
            reason=f"Demonstration: {reason}",
        )

    def _begin(self, head: str, station: int, element: str, *, cost_som: int | None = None) -> None:
        """A head has seen a task, says what it costs, and begins."""
        desk = self.heads[head]
        task = desk.say(desk.task(station, element), "acknowledgements", "acknowledge")
        if cost_som is not None:
            task = desk.say(task, "estimates", "estimate", cost_som=cost_som)
        desk.say(task, "starts", "start", note="Demonstration: a mason is hired.")

    def _report(self, head: str, station: int, element: str, **shown_mm: int) -> None:
        """A head's tablet shows it done."""
        task = self.heads[head].task(station, element)
        self.repairs.report(f"lsg.{head}", task, station, shown_mm)

    def _later(self) -> date:
        """A month after the first list was served."""
        return self._served_on() + A_MONTH

    def _served_on(self) -> date:
        """The day of the demonstration: when list №1 was served."""
        served = self.prosecutor.get("/served-lists")["items"][0]
        return date.fromisoformat(served["served_on"])


def letter(campaign: str, territory: str) -> dict[str, object]:
    """A list to the body of a territory, of what is ready to be served."""
    return {
        "campaign": campaign,
        "addressee": {"kind": "lsg_body", "territory": territory},
        "skip_not_ready": True,
    }


NEXT_ADDRESSEE = ISFANA
"""Whose body has confirmed violations that no list has served yet."""
