"""What the headquarters give out, and what supervision sends back, in the demonstration."""

from audit_api.demo.desk import Desk
from audit_api.demo.people import INSPECTORS

DUE_ON = "2021-11-14"
RETURNED = 8059
REASON = "Demonstration: measure the clear width between the handrails, not between the walls."


def assign_stations(base_url: str, campaign: str) -> None:
    """The coordinator gives each inspector the stations of the district; again is harmless."""
    desk = Desk(base_url, "headquarters")
    for inspector in INSPECTORS:
        path = f"/sites?limit=200&territory={inspector.territory}"
        lines = [
            {
                "campaign": campaign,
                "site": site["id"],
                "inspector": inspector.username,
                "due_on": DUE_ON,
            }
            for site in desk.get(path)["items"]
        ]
        desk.post("/assignments", {"items": lines})


def return_one(base_url: str) -> None:
    """Technical supervision sends one inspection with violations back for correction."""
    desk = Desk(base_url, "supervisor")
    path = f"/inspections/{desk.violations(RETURNED)[0]['inspection']}"
    inspection = desk.get(path)
    if inspection["state"] != "returned":
        desk.post(f"{path}/returns", {"rev": inspection["rev"], "reason": REASON})
