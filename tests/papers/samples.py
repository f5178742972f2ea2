"""Contents of papers, made up: what the makers would hand over, in all three languages."""

import hashlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from audit_api.domain.oversight.served_words import served_row
from audit_api.papers import act, briefing, task_sheet, violations_list
from audit_api.papers.codes import paper_code
from audit_api.papers.frame import Paper, Seal, framed
from audit_api.papers.shots import Shot
from audit_api.words import Words
from field_schema.catalog import load_catalog
from field_schema.scoring import STATION_STATES

INSTANT = "2021-11-12T03:05:00+00:00"
OFFICE = {
    "role": "prosecutor",
    "name": {"ky": "Үлгү району", "ru": "Примерный район", "en": "Sample district"},
}
ASKED_BY = {"name": "Прокурор Үсөнов Өмүрбек Аңгеч уулу"}
AIMAK = {"ky": "Кара-Өзөк айыл аймагы", "ru": "Кара-Озёкский аймак", "en": "Kara-Ozok aimak"}
KINDS = ("violations", "served", "act", "task", "briefing")


def picture(n: int, size: tuple[int, int] = (1280, 960)) -> bytes:
    """A JPEG that shows nothing real."""
    made = Image.new("RGB", size, (200 - n * 7 % 90, 205, 190 + n * 11 % 60))
    pen = ImageDraw.Draw(made)
    pen.polygon([(90, 800), (700, 520), (1180, 800)], fill=(120, 110, 100))
    for step in range(8):
        pen.line([(100 + step * 140, 0), (100 + step * 140, 960)], fill=(160, 160, 150), width=3)
    out = BytesIO()
    made.save(out, "JPEG", quality=80)
    return out.getvalue()


def row(n: int, **changes: Any) -> dict[str, Any]:
    """A violation as a served list has it, of a requirement that the catalog has."""
    catalog = load_catalog()
    standard, edition, name = _requirements()[n % len(_requirements())]
    asked = catalog.requirement(standard, edition, name)
    comparison = asked.rows[0].must[0]
    required = [{"measure": comparison.measure, "op": "ge", "value": 900, "unit": "mm"}]
    facts: dict[str, Any] = {
        "violation": f"b90aeff2-4345-5d9c-9d24-{n:012d}",
        "rev": 3,
        "state": ("confirmed", "open", "remedied", "contested", "superseded")[n % 5],
        "campaign": "kg-test-2021",
        "requirement": name,
        "standard": standard,
        "edition": edition,
        "clause": asked.cite.clause,
        "clause_hint": asked.cite.clause_hint,
        "confidence": asked.cite.confidence,
        "weight": "binding",
        "severity": asked.severity,
        "user_groups": ["wheelchair"],
        "measured": {comparison.measure: 812 + n % 50},
        "tolerance": {comparison.measure: 3},
        "required": required,
        "due_on": "2021-11-18",
        "first_seen_at": "2021-10-20T04:00:00+00:00",
        "last_seen_at": "2021-10-20T04:00:00+00:00",
        "inspection": f"0f5aeff2-4345-5d9c-9d24-{n:012d}",
        "inspection_rev": 1,
        "site": f"1c5aeff2-4345-5d9c-9d24-{n // 3:012d}",
        "site_name": {
            "ky": f"№ {n // 3 + 1} орто мектеп (ойдон чыгарылган)",
            "ru": f"Средняя школа № {n // 3 + 1} (вымышленная)",
            "en": f"School No. {n // 3 + 1} (made up)",
        },
        "address": "Кара-Өзөк а., Ынтымак көч. 12",
        "building_status": "existing",
        "territory": "N1",
        "territory_name": AIMAK,
        "stations": [8031 + n // 3],
        "element": f"2d5aeff2-4345-5d9c-9d24-{n:012d}",
        "element_type": asked.element,
        "element_label": "башкы кире бериш",
        "confirmation": None
        if n % 5 == 1
        else {
            "decision": "confirm",
            "reason": "Seen.",
            "clause": None,
            "decided_by": "Айдарбеков Ө. Ү.",
            "decided_at": "2021-10-25T06:00:00+00:00",
        },
        "photos": [hashlib.sha256(f"{n}-{k}".encode()).hexdigest() for k in range(n % 4)],
        "missing": [],
    }
    return served_row(facts, catalog) | {"n": n + 1} | changes


def _requirements() -> list[tuple[str, str, str]]:
    catalog = load_catalog()
    return [
        (*key, name)
        for key, standard in catalog.standards.items()
        for name, asked in standard.requirements.items()
        if asked.rows[0].must
        and asked.rows[0].must[0].op == "ge"
        and catalog.measures[asked.element][asked.rows[0].must[0].measure].unit == "mm"
    ]


def served_document(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """The document of a served list."""
    return {
        "document": "served-list/1",
        "id": "5a5aeff2-4345-5d9c-9d24-000000000001",
        "number": 14,
        "served_on": "2021-11-12",
        "served_at": INSTANT,
        "served_by": ASKED_BY["name"],
        "campaign": "kg-test-2021",
        "office": {"territory": "N", "territory_name": OFFICE["name"]},
        "addressee": {
            "kind": "lsg_body",
            "territory": "N1",
            "territory_name": AIMAK,
            "name": None,
        },
        "parameters": {"filters": {"severity": "critical"}, "violations": None},
        "rows": rows,
        "left_out": [
            {
                "violation": "b90aeff2-4345-5d9c-9d24-000000000099",
                "state": "open",
                "reasons": ["not_confirmed", "no_photo"],
            }
        ],
        "since": {
            "number": 13,
            "served_on": "2021-11-01",
            "fixed": ["a", "b", "c"],
            "new": ["d"],
            "reopened": ["e"],
            "unchanged": [],
            "dropped": [],
            "left_out": [],
        },
    } | changes


def act_document(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """The document of an act over these rows."""
    return {
        "document": "supervisory-act/1",
        "id": "6b5aeff2-4345-5d9c-9d24-000000000001",
        "kind": "order",
        "number": 3,
        "issued_on": "2021-11-12",
        "issued_at": INSTANT,
        "issued_by": ASKED_BY["name"],
        "answer_due_on": "2021-11-22",
        "office": {"territory": "N", "territory_name": OFFICE["name"]},
        "addressee": {
            "kind": "building_owner",
            "territory": "N1",
            "territory_name": AIMAK,
            "name": "«Үлгү» ЖЧК (ойдон чыгарылган)",
        },
        "demand": "Расширить пандус у главного входа до дня голосования и сообщить об этом.\n"
        "Эшиктин босогосун алып салуу.",
        "served_list": None,
        "rows": rows,
    } | changes


def shots(rows: list[dict[str, Any]], *, here: bool = True) -> dict[str, Shot]:
    """The photos of rows; every third is not here."""
    hashes = [sha256 for one in rows for sha256 in one["photos"][:2]]
    return {
        sha256: Shot(sha256, picture(n) if here and n % 3 != 2 else None)
        for n, sha256 in enumerate(hashes)
    }


def task_content(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the sheet of a task says."""
    return {
        "as_of": INSTANT,
        "day": "2021-11-12",
        "office": OFFICE | {"role": "lsg_head"},
        "asked_by": ASKED_BY,
        "address": rows[0]["address"],
        "element_name": {"ky": "Пандус", "ru": "Пандус", "en": "Ramp"},
        "task": {
            "site_name": rows[0]["site_name"],
            "territory_name": AIMAK,
            "stations": [{"campaign": "kg-test-2021", "number": 8031}],
            "campaign": "kg-test-2021",
            "state": "in_progress",
            "track": "temporary",
            "current_due_on": "2021-11-18",
            "due_on": "2021-11-15",
            "overdue": False,
            "element_label": "башкы кире бериш",
        },
        "violations": rows,
    }


def briefing_content(groups: int = 31) -> dict[str, Any]:
    """What the headquarters' page says, with stations in a made-up land."""
    states = (*STATION_STATES, "not_inspected")
    points = [
        {
            "lat_e6": 39_700_000 + (n * 7919) % 500_000,
            "lon_e6": 69_400_000 + (n % 3) * 900_000 + (n * 104_729) % 700_000,
            "state": states[n // 3 % 7 % 5],
            "area": f"D{n % 3}",
        }
        for n in range(180)
    ]
    figures = {
        "stations": 207,
        "voters": 254_318,
        "inspected": 143,
        "awaiting_photos": 12,
        "compliant": 31,
        "with_open_violations": 98,
        "open_violations": 1_204,
        "usable_with_temporary_measures": 84,
        "not_remediable_in_time": 14,
        "has_ramp": 71,
        "ramp_conforms": 7,
        "tasks_overdue": 322,
    }
    return {
        "as_of": INSTANT,
        "day": "2021-11-12",
        "office": OFFICE | {"role": "coordinator"},
        "asked_by": ASKED_BY,
        "campaign": {
            "name": {"ky": "Шайлоо 2021", "ru": "Выборы 2021", "en": "Elections 2021"},
            "election_day": "2021-11-28",
        },
        "days_left": 16,
        "total": figures,
        "groups": [
            {
                "territory": f"T{n}",
                "name": {name: f"{word} {n}" for name, word in AIMAK.items()},
                "stations": 7,
                "voters": 9_000,
                "inspected": n % 8,
                "awaiting_photos": n % 3,
                "compliant": n % 2,
                "with_open_violations": 3,
                "open_violations": n * 5 % 40,
            }
            for n in range(groups)
        ],
        "points": points,
        "areas": {
            "D0": {"ky": "Үлгү району", "ru": "Примерный район", "en": "Sample district"},
            "D1": {"ky": "Өзөк району", "ru": "Озёкский район", "en": "Ozok district"},
            "D2": {"ky": "Аңгеч шаары", "ru": "город Ангеч", "en": "Angech city"},
        },
    }


def paper(kind: str, say: Words, rows: list[dict[str, Any]] | None = None) -> Paper:
    """A paper of a kind, with nine violations if no rows are given."""
    found = [row(n) for n in range(9)] if rows is None else rows
    if kind == "violations":
        content = {
            "as_of": INSTANT,
            "day": "2021-11-12",
            "office": OFFICE,
            "asked_by": ASKED_BY,
            "filters": {"territory": "N1", "severity": "critical", "overdue": True},
            "names": {"territory": AIMAK},
            "rows": found,
        }
        return violations_list.screen_list(say, content)
    if kind == "served":
        return violations_list.served(say, served_document(found))
    if kind == "act":
        return act.act(say, act_document(found), found, shots(found))
    if kind == "task":
        return task_sheet.task_sheet(say, task_content(found[:3]), shots(found[:3]))
    return briefing.briefing(say, briefing_content())


def sealed(say: Words, made: Paper) -> dict[str, Any]:
    """What its template reads."""
    code = paper_code("a secret for tests", made.title, say.language)
    sha256 = hashlib.sha256(made.title.encode()).hexdigest()
    return framed(say, made, Seal(code, f"https://audit.example.org/verify/{code}", sha256))
