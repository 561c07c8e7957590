# What cargo and the verifier's tests read, and nothing else: an edited page, script or worker in
# another language then rebuilds no crate.
{ lib }:
lib.fileset.toSource {
  root = ../.;
  fileset = lib.fileset.unions [
    ../Cargo.toml
    ../Cargo.lock
    ../config
    ../process-compose.yaml
    ../services/database
    ../services/instance
    ../services/orchestration
    ../services/worker-ffi
    ../services/worker-rust
    ../tests/Cargo.toml
    ../tests/basic
    ../tests/basic_tests.rs
    ../tests/common
    ../tests/e2e
    ../tests/e2e_tests.rs
    ../tests/integration
    ../tests/integration_tests.rs
    ../verifier
    (lib.fileset.maybeMissing ../rustfmt.toml)
  ];
}
