"""What headquarters, supervision and the prosecutor do in the demonstration, over HTTP."""

from datetime import date, timedelta

from audit_api.demo.http_client import get, post, sign_in
from audit_api.demo.people import INSPECTORS, KARA_BAK, PEOPLE
from audit_api.domain.vocabulary import Role

DUE_ON = "2021-11-14"
CONFIRMED = "Demonstration: the photo shows what was measured."
DEMAND = "Демонстрация: устранить нарушения до дня выборов."
ANSWER_DAYS = 10
REASON = "Demonstration: measure the clear width between the handrails, not between the walls."


def _token(base_url: str, role: Role) -> str:
    person = next(person for person in PEOPLE if person.role is role)
    return sign_in(base_url, person.username, person.password)


def assign_stations(base_url: str, campaign: str) -> None:
    """The coordinator gives each inspector the stations of the district; again is harmless."""
    token = _token(base_url, Role.COORDINATOR)
    for inspector in INSPECTORS:
        path = f"/api/v1/sites?limit=200&territory={inspector.territory}"
        lines = [
            {
                "campaign": campaign,
                "site": site["id"],
                "inspector": inspector.username,
                "due_on": DUE_ON,
            }
            for site in get(base_url, path, token)["items"]
        ]
        post(base_url, "/api/v1/assignments", token, {"items": lines})


def return_one(base_url: str) -> None:
    """Technical supervision sends one inspection with violations back for correction."""
    token = _token(base_url, Role.TECHNICAL_SUPERVISOR)
    [violation] = get(base_url, "/api/v1/violations?limit=1", token)["items"]
    path = f"/api/v1/inspections/{violation['inspection']}"
    rev = get(base_url, path, token)["rev"]
    post(base_url, f"{path}/returns", token, {"rev": rev, "reason": REASON})


def serve_and_issue(base_url: str, campaign: str) -> None:
    """The prosecutor serves two lists to the body of Kara-Bak, and issues an order over the second.

    Between them supervision confirms what another of its stations has. What no photo shows stays
    out of both, and they say so.
    """
    supervisor, prosecutor = (
        _token(base_url, role) for role in (Role.TECHNICAL_SUPERVISOR, Role.PROSECUTOR)
    )
    path = f"/api/v1/violations?limit=200&state=open&territory={KARA_BAK}"
    by_site: dict[str, list[str]] = {}
    for violation in get(base_url, path, supervisor)["items"]:
        if violation["photos"]:
            by_site.setdefault(violation["site"], []).append(violation["id"])
    letter = {
        "campaign": campaign,
        "addressee": {"kind": "lsg_body", "territory": KARA_BAK},
        "skip_not_ready": True,
    }
    for violations in by_site.values():
        for violation in violations:
            _confirm(base_url, supervisor, violation)
        served = post(base_url, "/api/v1/served-lists", prosecutor, letter)
    act = {
        "kind": "order",
        "served_list": served["id"],
        "demand": DEMAND,
        "answer_due_on": str(date.fromisoformat(served["served_on"]) + timedelta(ANSWER_DAYS)),
    }
    post(base_url, "/api/v1/acts", prosecutor, act)


def _confirm(base_url: str, supervisor: str, violation: str) -> None:
    path = f"/api/v1/violations/{violation}"
    said = {
        "decision": "confirm",
        "rev": get(base_url, path, supervisor)["rev"],
        "reason": CONFIRMED,
    }
    post(base_url, f"{path}/adjudications", supervisor, said)
