"""Programs that wheels carry: protoc, ruff, shellcheck, cargo-nextest."""

from ..component import Component, Workshop

# Here protoc is a script that needs its package on Python's path; the program
# inside the package needs nothing, and finds its include folder by itself.
PROTOC = "protoc/data/bin/protoc"


def build(shop: Workshop) -> None:
    shop.doing("downloading protoc, ruff, shellcheck and nextest")
    shop.pip_target("binaries/requirements.txt", shop.stage)
    for program in BINARIES.programs.values():
        (shop.stage / program).chmod(0o755)
        shop.must_answer(program, *(["nextest"] if program.endswith("nextest") else []), "--version")


BINARIES = Component(
    name="binaries",
    title="protoc, ruff, shellcheck, nextest",
    build=build,
    probe=PROTOC,
    programs={
        "protoc": PROTOC,
        "ruff": "bin/ruff",
        "shellcheck": "bin/shellcheck",
        "cargo-nextest": "bin/cargo-nextest",
    },
)
