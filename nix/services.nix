# Every service in Rust, and as the second output `ffi` the library that the workers in Ruby
# and TypeScript load. One derivation, since compiling the engine is nearly all of the work.
{
  lib,
  rustPlatform,
  protobuf,
  cargo-source,
}:
let
  crates = [
    "database"
    "orchestration"
    "worker-rust"
    "worker-ffi"
  ];
in
rustPlatform.buildRustPackage {
  pname = "tasker-cluster-services";
  version = (builtins.fromTOML (builtins.readFile ../Cargo.toml)).workspace.package.version;
  src = cargo-source;
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = lib.concatMap (crate: [
    "--package"
    crate
  ]) crates;

  # The engine's build scripts generate code from .proto files.
  nativeBuildInputs = [ protobuf ];

  # Their tests need a database; the checks of this flake that need one start their own.
  doCheck = false;

  outputs = [
    "out"
    "ffi"
  ];
  postInstall = ''
    mkdir -p "$ffi/lib"
    mv "$out"/lib/libworker_ffi.* "$ffi/lib/"
  '';

  meta = {
    description = "Orchestration server, workers and database setup of the Tasker cluster";
    license = lib.licenses.mit;
  };
}
