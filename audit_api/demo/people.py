"""Who takes part in the demonstration: people of each role, in a territory."""

from dataclasses import dataclass

from audit_api.domain.vocabulary import Role

REGION = "41705000000000"
BATKEN, LEILEK, KADAMJAI = "41705214000000", "41705236000000", "41705258000000"
KARA_BAK, SAMARKANDEK = "41705214823000", "41705214846000"
ISFANA, UCH_KORGON = "41705236610010", "41705258849000"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account of the demonstration. Its password is public: it guards made-up data only."""

    username: str
    full_name: str
    role: Role
    territory: str
    language: str

    @property
    def password(self) -> str:
        """The public password."""
        return f"batken-2021-{self.username}"


PEOPLE = (
    DemoPerson("headquarters", "Demo headquarters", Role.COORDINATOR, REGION, "ru"),
    DemoPerson("prosecutor", "Demo prosecutor", Role.PROSECUTOR, REGION, "ru"),
    DemoPerson("supervisor", "Demo technical supervisor", Role.TECHNICAL_SUPERVISOR, REGION, "ru"),
    DemoPerson("lsg.kara-bak", "Demo head of Kara-Bak aiyl aimak", Role.LSG_HEAD, KARA_BAK, "ky"),
    DemoPerson(
        "lsg.samarkandek", "Demo head of Samarkandek aiyl aimak", Role.LSG_HEAD, SAMARKANDEK, "ky"
    ),
    DemoPerson("lsg.isfana", "Demo head of Isfana town", Role.LSG_HEAD, ISFANA, "ru"),
    DemoPerson(
        "lsg.uch-korgon", "Demo head of Uch-Korgon aiyl aimak", Role.LSG_HEAD, UCH_KORGON, "ky"
    ),
    DemoPerson("admin", "Demo administrator", Role.ADMINISTRATOR, REGION, "en"),
    DemoPerson("inspector.batken", "Demo inspector, Batken district", Role.INSPECTOR, BATKEN, "ky"),
    DemoPerson("inspector.leilek", "Demo inspector, Leilek district", Role.INSPECTOR, LEILEK, "ky"),
    DemoPerson(
        "inspector.kadamjai", "Demo inspector, Kadamjai district", Role.INSPECTOR, KADAMJAI, "ky"
    ),
)
INSPECTORS = tuple(person for person in PEOPLE if person.role is Role.INSPECTOR)
LSG_HEADS = tuple(person for person in PEOPLE if person.role is Role.LSG_HEAD)
