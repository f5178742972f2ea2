"""`audit-api standards diff` and `rerun`: a law tried on what is stored, and judged once more."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from audit_api.commands.console import (
    catalog_errors,
    csv_file,
    open_database,
    plain,
    progress,
    show,
)
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.law.compare_editions import (
    CHANGES,
    CaseChange,
    Comparison,
    count_unpacked,
    edition_alone,
    pack_some,
)
from audit_api.services.law.rerun import rerun
from audit_api.storage.base import Database
from audit_api.storage.law.rulesets import count_assessments
from audit_api.storage.places.campaigns import campaign_ids
from field_schema.assessment import Finding
from field_schema.catalog import Catalog
from field_schema.proof import near
from field_schema.ruleset import Ruleset
from field_schema.standard import Standard


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--profile", help="Only the campaigns that inspect by this profile.")
@click.option("--campaign", help="Only this campaign.")
@click.option("--csv", "csv_path", type=click.Path(dir_okay=False, path_type=Path),
              help="Write every changed verdict to this file.")  # fmt: skip
def diff(
    old: str, new: str, profile: str | None, campaign: str | None, csv_path: Path | None
) -> None:
    """Try the edition NEW in place of OLD (STANDARD/EDITION each) on all stored inspections."""
    with catalog_errors(), open_database() as opened:
        with opened.reading() as session:
            catalog = CatalogKeeper().current(session)
            campaigns = campaign_ids(session, profile=profile, campaign=campaign)
        before, after = _edition(catalog, old), _edition(catalog, new)
        if before.id != after.id:
            raise click.ClickException(
                f"{before.id} and {after.id} are two standards; compare two editions of one."
            )
        if not campaigns:
            raise click.ClickException("No campaign is selected; mend --profile or --campaign.")
        # Both as binding: what is asked is what would be broken.
        one, two = (edition_alone(catalog, each, "binding") for each in (before, after))
        compare_stored(opened, catalog, one, two, campaigns, csv_path)


def compare_stored(
    opened: Database,
    catalog: Catalog,
    old: Ruleset,
    new: Ruleset,
    campaigns: Sequence[str],
    csv_path: Path | None,
) -> None:
    """Compare two rulesets on what is stored, show the table, and write the cases to a file."""
    _pack_all(opened, catalog, campaigns)
    comparison = Comparison(catalog, old, new)
    rows = 0
    with csv_file(csv_path) as file, opened.snapshot() as session, progress("Comparing", 1) as bar:
        writer = csv.DictWriter(file, COLUMNS) if csv_path else None
        if writer:
            writer.writeheader()
        for share, cases in comparison.pages(session, campaigns, cases=writer is not None):
            if writer:
                for case in cases:
                    writer.writerow(_csv_row(case))
                    rows += 1
            bar(share)
    _show_changes(comparison)
    if csv_path:
        click.echo(f"{csv_path}: {rows:,} changed verdicts.")


def _pack_all(opened: Database, catalog: Catalog, campaigns: Sequence[str]) -> None:
    """Pack what is not packed yet: inspections older than the packed measures."""
    with opened.reading() as session:
        left = count_unpacked(session, catalog, campaigns)
    done = 0
    with progress("Packing", left) as advance:
        while left:
            with opened.writing() as session:
                left = pack_some(session, catalog, campaigns)
            advance(done := done + left)


def _edition(catalog: Catalog, name: str) -> Standard:
    """An edition by "STANDARD/EDITION"."""
    standard, _, edition = name.partition("/")
    found = catalog.standards.get((standard, edition))
    if found is None:
        known = [f"{s}/{e}" for s, e in catalog.standards]
        raise click.ClickException(
            f"{name!r} is no edition in the catalog, written STANDARD/EDITION. "
            f"{near(name, known)}It has: {', '.join(known)}."
        )
    return found


COLUMNS = (
    "site", "inspection", "element", "element_label", "state", "requirement", "change",
    "old_verdict", "new_verdict", "measured", "old_threshold", "new_threshold", "old_clause",
    "new_clause",
)  # fmt: skip


def _csv_row(case: CaseChange) -> Mapping[str, Any]:
    one = case.new or case.old
    if one is None:
        return {}
    old, new = case.old, case.new
    return {
        "site": case.site,
        "inspection": case.inspection,
        "element": one.element_id,
        "element_label": plain(one.observation.label),
        "state": one.state,
        "requirement": one.requirement,
        "change": case.kind,
        "old_verdict": old.verdict if old else "-",
        "new_verdict": new.verdict if new else "-",
        "measured": "; ".join(f"{k} {v}" for k, v in one.measured.items()),
        "old_threshold": _threshold(old),
        "new_threshold": _threshold(new),
        "old_clause": (old.clause or old.clause_hint or "") if old else "",
        "new_clause": (new.clause or new.clause_hint or "") if new else "",
    }


def _threshold(finding: Finding | None) -> str:
    if finding is None:
        return ""
    return "; ".join(
        f"{r['measure']} {r['op']} {r['value']}" + (f" of {r['of']}" if "of" in r else "")
        for r in finding.required
    )


def _show_changes(comparison: Comparison) -> None:
    tallies = sorted(comparison.tallies.items())
    totals = [sum(t.counts[n] for _, t in tallies) for n in range(len(CHANGES))]
    show(
        ["requirement", "old clause", "new clause", *CHANGES, "of"],
        (
            [
                f"{standard} {tally.requirement}",
                tally.old_clause or "-",
                tally.new_clause or "-",
                *(f"{n:,}" for n in tally.counts),
                f"{tally.observations:,}",
            ]
            for (standard, _), tally in tallies
        ),
        ["all", "", "", *(f"{n:,}" for n in totals), ""],
    )
    changed = sum(tally.changed for tally in comparison.tallies.values())
    click.echo(f"{comparison.inspections:,} inspections compared; {changed:,} verdicts change.")


@click.command("rerun")
@click.option("--inspection", type=click.UUID, help="Only the assessments of this inspection.")
@click.option("--all", "everything", is_flag=True, help="All assessments.")
def rerun_assessments(inspection: UUID | None, everything: bool) -> None:
    """Judge stored inspections once more and compare to the byte; exit code 1 if any differs."""
    if (inspection is None) != everything:
        raise click.UsageError("Say --inspection ID or --all.")
    different = total = 0
    with catalog_errors(), open_database() as opened, opened.snapshot() as session:
        catalog = CatalogKeeper().current(session)
        expected = count_assessments(session, inspection)
        with progress("Judging once more", expected) as advance:
            for found in rerun(session, catalog, inspection):
                total += 1
                advance(total)
                if found.differs:
                    different += 1
                    click.echo(
                        f"{found.inspection} rev {found.rev} ruleset {found.ruleset}: "
                        f"{found.differs}"
                    )
    if inspection is not None and not total:
        raise click.ClickException(f"There is no assessment of an inspection {inspection}.")
    click.echo(f"{total:,} assessments judged once more; {different or 'none'} differ.")
    if different:
        raise click.exceptions.Exit(1)
