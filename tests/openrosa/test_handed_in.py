"""What JavaRosa saved is handed in: the server stores the verdicts that the form calculated."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from lxml import etree

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.places.places import Site
from field_schema.catalog import load_catalog
from field_schema.xform_visit import ONCE, visit_of
from field_schema.xforms import released_xforms
from tests.agreement import odk
from tests.factories import CAMPAIGN, World, make_site
from tests.http.collecting import jpeg, key_of, message, send
from tests.openrosa.filled import answers_of, compile_driver, fill, left_out, site_row
from tests.openrosa.test_javarosa import KEY, drawn, law_of

WITHOUT = odk.why_not()
ELECTION_DAY = date(2021, 11, 28)
HANDED_IN = 4


@pytest.fixture(scope="module")
def client(app: object) -> FlaskClient:
    return app.test_client()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.skipif(WITHOUT is not None, reason=str(WITHOUT))
def test_the_server_stores_the_verdicts_that_javarosa_calculated(
    client: FlaskClient, world: World, database: Database, tmp_path: Path
) -> None:
    xform, form = released_xforms()[KEY][-1], load_catalog().form(KEY[1])
    rules = law_of(xform)
    told = visit_of(form, rules, load_catalog().measures, load_catalog().standards).told
    cited = {
        (r.requirement.cite.standard, r.requirement.cite.edition, r.requirement.id): r.name
        for r in load_catalog().ruleset("kg-demo-2021", ELECTION_DAY).rules
    }
    visits = drawn(form, rules)[:HANDED_IN]
    rows = []
    for n, visit in enumerate(visits):
        building = visit["ramp"][0].building
        with database.writing() as session:
            site = make_site(session, world.territories["near-1"], 9_100 + n)
            row = session.get_one(Site, site)
            row.building_status, row.built_on = building.status, building.built_on
            row.altered_on = building.altered_on
        rows.append(site_row(f"kg-x.{n}", str(site), CAMPAIGN, building))
    records = [answers_of(form, f"kg-x.{n}", visit) for n, visit in enumerate(visits)]
    compile_driver(tmp_path)
    key = key_of(database, world)
    compared = unasked = 0
    for n, saved in enumerate(fill(xform, tmp_path, rows, records)):
        root = etree.fromstring(saved)
        names = [node.text for node in root.iter() if str(node.tag).endswith("_photo")]
        files = {name: jpeg(7_000 + 100 * n + i) for i, name in enumerate(names) if name}
        answer = send(client, key, saved, files)
        assert answer.status_code == 201, message(answer)
        assert message(answer) == "The inspection has arrived. All its photos are here."
        compared += _compare(client, world, database, root, told, cited)
        for element, observed in visits[n].items():
            for node, record in zip(root.iter(element), observed, strict=True):
                unasked += left_out(form.sections[element], record, node)
    assert compared > 500
    assert unasked > 100


def _compare(
    client: FlaskClient,
    world: World,
    database: Database,
    root: "etree._Element",
    told: object,
    cited: dict[tuple[str, str, str], str],
) -> int:
    instance = root.findtext(".//{*}instanceID")
    with database.reading() as session:
        found: UUID = (
            session.connection()
            .exec_driver_sql(
                "select inspection_id from openrosa_instance where instance_id = %s", (instance,)
            )
            .scalar_one()
        )
    headers = world.headers(Role.TECHNICAL_SUPERVISOR)
    read = client.get(f"/api/v1/inspections/{found}", headers=headers).json
    assert (read["channel"], read["state"]) == ("openrosa", "complete")
    nodes = [n for n in root if str(n.tag) in load_catalog().form(KEY[1]).sections]
    nodes = [n for n in nodes if n.tag in ONCE or n.findtext(f".//{n.tag}_label")]
    elements = read["body"]["elements"]
    assert [e["type"] for e in elements] == [n.tag for n in nodes]
    by_element = {e["id"]: node for e, node in zip(elements, nodes, strict=True)}
    compared = 0
    for finding in read["findings"]:
        rule = cited[finding["standard"], finding["edition"], finding["requirement"]]
        node = by_element[finding["element_id"]]
        assert node.findtext(f".//{told[rule]}") == finding["verdict"], rule  # type: ignore[index]
        compared += 1
    return compared
