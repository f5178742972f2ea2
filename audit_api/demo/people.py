"""Who takes part in the demonstration: a person for each role, in a territory."""

from dataclasses import dataclass

from audit_api.domain.vocabulary import Role

REGION = "41705000000000"
BATKEN, LEILEK, KADAMJAI = "41705214000000", "41705236000000", "41705258000000"
KARA_BAK = "41705214823000"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account of the demonstration. Its password is public: it guards made-up data only."""

    username: str
    full_name: str
    role: Role
    territory: str
    language: str
    path: str
    """What to try first."""

    @property
    def password(self) -> str:
        """The public password."""
        return f"batken-2021-{self.username}"


PEOPLE = (
    DemoPerson(
        "prosecutor",
        "Demo prosecutor",
        Role.PROSECUTOR,
        REGION,
        "ru",
        "/api/v1/violations?severity=critical&limit=3",
    ),
    DemoPerson(
        "supervisor",
        "Demo technical supervisor",
        Role.TECHNICAL_SUPERVISOR,
        REGION,
        "ru",
        "/api/v1/inspections/{inspection}",
    ),
    DemoPerson(
        "lsg.kara-bak",
        "Demo head of Kara-Bak aiyl aimak",
        Role.LSG_HEAD,
        KARA_BAK,
        "ky",
        "/api/v1/tasks?limit=3",
    ),
    DemoPerson(
        "headquarters",
        "Demo headquarters",
        Role.COORDINATOR,
        REGION,
        "ru",
        "/api/v1/statistics/progress?campaign=kg-jk-2021&by=constituency",
    ),
    DemoPerson(
        "admin", "Demo administrator", Role.ADMINISTRATOR, REGION, "en", "/api/v1/territories"
    ),
    DemoPerson(
        "inspector.batken",
        "Demo inspector, Batken district",
        Role.INSPECTOR,
        BATKEN,
        "ky",
        "/api/v1/sites?number=8065",
    ),
    DemoPerson(
        "inspector.leilek",
        "Demo inspector, Leilek district",
        Role.INSPECTOR,
        LEILEK,
        "ky",
        "/api/v1/sites?limit=3",
    ),
    DemoPerson(
        "inspector.kadamjai",
        "Demo inspector, Kadamjai district",
        Role.INSPECTOR,
        KADAMJAI,
        "ky",
        "/api/v1/sites?number=8147",
    ),
)
INSPECTORS = tuple(person for person in PEOPLE if person.role is Role.INSPECTOR)
