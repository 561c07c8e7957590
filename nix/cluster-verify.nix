# The verifier. Its unit tests are a build of their own, so that `nix run` does not wait for them.
{
  lib,
  rustPlatform,
  cargo-source,
  postgresql,
  withTests ? false,
}:
rustPlatform.buildRustPackage {
  pname = "cluster-verify";
  version = (builtins.fromTOML (builtins.readFile ../Cargo.toml)).workspace.package.version;
  src = cargo-source;
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = [
    "--package"
    "cluster-verify"
  ];
  cargoTestFlags = [
    "--package"
    "cluster-verify"
  ];
  doCheck = withTests;
  # Some of them start a server of their own.
  nativeCheckInputs = [ postgresql ];

  meta = {
    description = "Proves that a Tasker cluster is complete, healthy, consistent and lost nothing";
    license = lib.licenses.mit;
    mainProgram = "cluster-verify";
  };
}
