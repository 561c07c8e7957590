# `cluster-verify` in a shell where nothing was built yet: cargo builds and runs it. What `./dev`
# has built comes before it on PATH. Not the package: a shell must open on code that is broken.
{ writeShellApplication }:
writeShellApplication {
  name = "cluster-verify";
  text = ''
    exec cargo run --quiet --package cluster-verify \
      --manifest-path "$TASKER_CLUSTER_ROOT/Cargo.toml" -- "$@"
  '';
  meta.description = "Builds the verifier from the work tree, and runs it";
}
