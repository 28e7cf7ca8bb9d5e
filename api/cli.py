"""The command line, `clinic`: serve, migrate, found and staff a clinic, make the demo clinic, import, check, work."""

import logging

import click

from api.commands import clinics, demo, house, importing, monthly, report, simulating, worker
from scheduler import checks
from scheduler.models import schema


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="infusion-clinic")
def main() -> None:
    """Run and look after the backend of infusion clinics.

    Where the data are and how to serve is read from the environment; docs/operations.md lists the variables.
    """


@main.command(epilog="Example:  clinic serve --host 0.0.0.0 --port 9000")
@click.option("--host", help="Address to serve on.  [default: HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to serve on.  [default: PORT, else 8000]")
def serve(host: str | None, port: int | None) -> None:
    """Serve until interrupted."""
    from api.server import serve as serve_until_stopped  # only serving needs the web libraries

    settings = house.settings(host=host, port=port)
    house.refuse_outdated(settings)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it would speak at every look at the schema
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    serve_until_stopped(
        settings,
        ready=lambda: click.echo(
            f"Serving on http://{host}:{settings.port} (stop with Ctrl-C); its API is described at /api/v1/docs"
        ),
    )


@main.group()
def db() -> None:
    """Look after the database itself."""


@db.command(epilog="Example:  DATABASE_URL=postgresql://clinic@localhost/clinic clinic db upgrade")
def upgrade() -> None:
    """Make the database, or bring it to the newest schema. Does nothing to one that is there already."""
    with house.opened() as database:
        schema.upgrade(database.engine)
    click.echo("The database is at the newest schema.")


@main.command(epilog="Example:  clinic check && echo sound")
def check() -> None:
    """Look for anything that must not be in the database. Ends with 1 if there is something."""
    found = 0
    with house.reading_one_moment() as db:
        for clinic_id in checks.clinics(db):
            for name, run in checks.checks(now=house.now()).items():
                for finding in run(db, clinic_id):
                    click.echo(f"{clinic_id} {name} {finding.subject}: {finding.words}")
                    found += 1
    if found:
        raise click.ClickException(f"Found {found} that must not be.")
    click.echo("Nothing found that must not be.")


main.add_command(clinics.new)
main.add_command(clinics.staff)
main.add_command(demo.demo)
main.add_command(importing.importing)
main.add_command(report.report)
report.report.add_command(monthly.monthly)
main.add_command(simulating.simulate)
main.add_command(worker.worker)
