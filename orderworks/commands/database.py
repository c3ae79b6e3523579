"""The ledger's database: where it is, its schema, its server."""

import typer

app = typer.Typer(no_args_is_help=True, help="Look after the ledger's database.")


@app.command()
def url() -> None:
    """Print the address of the database in force, whose server is started if it is ours."""
    from orderworks.ledger.connection import database_url
    from orderworks.settings import home_directory

    typer.echo(database_url(home_directory()))


@app.command()
def upgrade() -> None:
    """Bring the ledger's schema up to date and print the version that it has then."""
    from orderworks.ledger import connection
    from orderworks.settings import home_directory

    typer.echo(connection.upgrade(connection.database_url(home_directory())))


@app.command()
def stop() -> None:
    """Stop the embedded server, and say so if none runs."""
    from orderworks.ledger.embedded import EmbeddedServer
    from orderworks.settings import home_directory

    home = home_directory()
    if EmbeddedServer(home).stop():
        typer.echo(f"The embedded database in {home} is stopped.")
    else:
        typer.echo(f"No embedded database runs in {home}.")
