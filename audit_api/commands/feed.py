"""`audit-api feed`: the documents that tablets pull."""

import click

from audit_api.commands.console import open_database, progress, told
from audit_api.services.sync.republish_feed import BATCH, Republished, republish_feed


@click.group()
def feed() -> None:
    """What tablets pull."""


@feed.command("republish")
@click.option(
    "--batch",
    type=click.IntRange(1, 5_000),
    default=BATCH,
    show_default=True,
    help="Things in one transaction.",
)
def republish(batch: int) -> None:
    """Write anew the documents that an older version made: after each release.

    Safe beside a running server, and to break off and run again. What would be the same stays.
    """
    ends: dict[str, Republished] = {}
    with told(), open_database() as opened, progress("documents", 1) as advance:
        for step in republish_feed(opened, batch=batch):
            ends[step.kind] = step
            advance(step.looked_at / step.all)
    for end in ends.values():
        click.echo(f"{end.kind}: {end.looked_at} looked at, {end.written} written anew.")
    if not ends:
        click.echo("The feed is empty.")
