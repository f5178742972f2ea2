"""What headquarters and technical supervision do in the demonstration, over HTTP."""

from audit_api.demo.http_client import get, post, sign_in
from audit_api.demo.people import INSPECTORS, PEOPLE
from audit_api.domain.vocabulary import Role

DUE_ON = "2021-11-14"
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
