# What cargo reads, and nothing else: an edited page or script then rebuilds no crate.
{ lib }:
lib.fileset.toSource {
  root = ../.;
  fileset = lib.fileset.unions [
    ../Cargo.toml
    ../Cargo.lock
    ../config
    ../services
    ../tests
    ../verifier
    (lib.fileset.maybeMissing ../rustfmt.toml)
  ];
}
