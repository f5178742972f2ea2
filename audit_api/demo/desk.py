"""A person of the demonstration at their desk: what they read and say over HTTP."""

from typing import Any

from audit_api.demo.http_client import fetch, get, post, sign_in
from audit_api.demo.people import PEOPLE

API = "/api/v1"
OPEN_TO_DECISION = frozenset({"open", "contested", "confirmed"})


class Desk:
    """One signed-in person. What was decided at an interrupted start is not decided again."""

    def __init__(self, base_url: str, username: str) -> None:
        self._base_url = base_url
        person = next(person for person in PEOPLE if person.username == username)
        self._token = sign_in(base_url, username, person.password)

    def get(self, path: str) -> Any:
        """What a path answers."""
        return get(self._base_url, API + path, self._token)

    def fetch(self, path: str) -> bytes:
        """A file."""
        return fetch(self._base_url, API + path, self._token)

    def post(self, path: str, said: Any) -> Any:
        """Say something, and what came of it."""
        return post(self._base_url, API + path, self._token, said)

    def site(self, station: int) -> str:
        """The site of a station's number."""
        found: str = self.get(f"/sites?number={station}")["items"][0]["id"]
        return found

    def violations(
        self, station: int, element: str = "", requirement: str = ""
    ) -> list[dict[str, Any]]:
        """Those of a station, perhaps of one sort of element or of one requirement alone."""
        items = self.get(f"/violations?limit=200&site={self.site(station)}")["items"]
        return [
            item
            for item in items
            if element in ("", item["element_type"]) and requirement in ("", item["requirement"])
        ]

    def task(self, station: int, element: str) -> Any:
        """The permanent task of a sort of element at a station, with its events."""
        items = self.get(f"/tasks?limit=200&site={self.site(station)}")["items"]
        found = next(
            task
            for task in items
            if task["element_type"] == element and task["track"] == "permanent"
        )
        return self.get(f"/tasks/{found['id']}")

    def say(self, task: dict[str, Any], route: str, move: str, **said: Any) -> Any:
        """A word about a task, unless it was said before; the task as it stands then."""
        if any(event["move"] == move for event in task["events"]):
            return task
        return self.post(f"/tasks/{task['id']}/{route}", {"rev": task["rev"]} | said)

    def decide(self, violation: dict[str, Any], decision: str, reason: str, **more: Any) -> None:
        """Adjudicate a violation, unless it was decided before."""
        path = f"/violations/{violation['id']}"
        whole = self.get(path)
        if whole["adjudications"] or whole["state"] not in OPEN_TO_DECISION:
            return
        said = {"decision": decision, "rev": whole["rev"], "reason": reason} | more
        self.post(f"{path}/adjudications", said)
