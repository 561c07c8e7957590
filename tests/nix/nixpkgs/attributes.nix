# The packages of nixos-26.05 whose names were confirmed, each with the commands it brings.
# A name that is not here does not exist for the tests: add one only after having seen it in
# nixpkgs itself.
{
  bun = [ "bun" ];
  cargo = [ "cargo" ];
  cargo-nextest = [ "cargo-nextest" ];
  clippy = [
    "cargo-clippy"
    "clippy-driver"
  ];
  mold = [ "mold" ];
  nixfmt-tree = [ "treefmt" ];
  postgresql_18 = [
    "initdb"
    "pg_ctl"
    "pg_isready"
    "postgres"
    "psql"
  ];
  process-compose = [ "process-compose" ];
  protobuf = [ "protoc" ];
  python313 = [
    "python"
    "python3"
  ];
  ruby_3_4 = [ "ruby" ];
  ruff = [ "ruff" ];
  rustc = [ "rustc" ];
  rustfmt = [
    "cargo-fmt"
    "rustfmt"
  ];
  shellcheck = [ "shellcheck" ];
  sqlx-cli = [ "sqlx" ];
}
