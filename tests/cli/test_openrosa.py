"""Keys of ODK Collect from the command line."""

import re

from tests.cli.conftest import Cli
from tests.cli.files import TERRITORIES, csv

PASSWORD = "correct horse battery"
SERVER = "https://audit.example.kg"


def people(cli: Cli) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    for username in ("aida", "office"):
        cli.done("people", "add", username, "--name", username.title(), typed=typed)
    cli.done("places", "import-territories", cli.file("t.csv", csv(TERRITORIES)))
    code = cli.query("select code from territory order by code limit 1")[0][0]
    cli.done("people", "grant", "aida", "inspector", code)


def make(cli: Cli, *more: str) -> str:
    return cli.done("openrosa", "key", "--for", "aida", "--by", "office", "--server", SERVER, *more)


def test_a_key_is_made_listed_and_revoked(cli: Cli) -> None:
    people(cli)
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        path = cli.folder / f"qr.{kind}"
        said = make(cli, "--qr", str(path))
        assert re.search(rf"{SERVER}/openrosa/key/[0-9a-f]{{64}}\n", said)
        assert path.read_bytes().startswith(start)
    device = cli.query("select cast(id as text) from device limit 1")[0][0]
    listed = cli.done("openrosa", "keys", "--for", "aida")
    assert device in listed
    assert "ODK Collect of Aida" in listed
    words = ("openrosa", "revoke", device, "--by", "office", "--reason", "lost")
    assert cli.done(*words) == f"{device}: revoked.\n"
    assert cli.done(*words) == f"{device}: was revoked before.\n"
    assert cli.query("select count(*) from openrosa_key where revoked_at is null") == [(1,)]
    what = cli.query("select what from audit_log where what like 'openrosa%' order by n")
    assert [row[0] for row in what] == ["openrosa_key_made"] * 2 + ["openrosa_key_revoked"]


def test_without_the_file_there_is_no_key(cli: Cli) -> None:
    people(cli)
    words = ("openrosa", "key", "--for", "aida", "--by", "office", "--server", SERVER, "--qr")
    cli.refused(*words, str(cli.folder / "qr.jpg"))
    cli.refused(*words, str(cli.folder / "nowhere" / "qr.png"))
    assert cli.query("select count(*) from openrosa_key") == [(0,)]


def test_only_for_people_who_are_there(cli: Cli) -> None:
    people(cli)
    words = ("openrosa", "key", "--server", SERVER, "--by")
    assert "There is no person 'nobody'" in cli.refused(*words, "nobody", "--for", "aida")
    assert "is no inspector" in cli.refused(*words, "aida", "--for", "office")
