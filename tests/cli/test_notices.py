"""Who gets notices by e-mail, from the command line."""

from sqlalchemy import text

from tests.cli.conftest import Cli
from tests.cli.test_people import add

STORED = "select email, notices from person where username = 'aida'"


def test_an_address_is_given_switched_off_and_taken_away(cli: Cli) -> None:
    add(cli)
    assert cli.query(STORED) == [(None, True)]
    assert "mail to a@example.org" in cli.done("notices", "address", "aida", "a@example.org")
    assert cli.query(STORED) == [("a@example.org", True)]
    assert "mail off" in cli.done("notices", "address", "aida", "--off")
    assert cli.query(STORED) == [("a@example.org", False)]
    assert "no address" in cli.done("notices", "address", "aida")
    assert cli.query(STORED) == [(None, True)]


def test_the_log_says_that_it_was_set_and_not_which(cli: Cli) -> None:
    add(cli)
    cli.done("notices", "address", "aida", "a@example.org")
    said = cli.query("select detail::text from audit_log where what = 'email_set'")
    assert len(said) == 1
    assert "example.org" not in str(said)


def test_what_is_no_address_is_refused(cli: Cli) -> None:
    add(cli)
    said = cli.refused("notices", "address", "aida", "a@example.org\nBcc: b@example.org")
    assert "is no e-mail address" in said
    assert cli.query(STORED) == [(None, True)]


def test_an_unknown_person_is_refused(cli: Cli) -> None:
    assert "no person 'nobody'" in cli.refused("notices", "address", "nobody", "a@example.org")


def test_the_list_shows_what_became_of_notices(cli: Cli) -> None:
    add(cli)
    with cli.database.writing() as session:
        session.execute(
            text("""insert into notice (id, person_id, kind, key, about, made_at, state, attempts,
                due_at) select gen_random_uuid(), id, 'daily', '2021-11-01', '{}', now(), 'sent', 1,
                now() from person""")
        )
    assert "daily" in cli.done("notices", "list", "--username", "aida")
    assert "daily" not in cli.done("notices", "list", "--username", "somebody")
