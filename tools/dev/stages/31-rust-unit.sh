# shellcheck shell=bash
# The Rust crates' unit tests.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

run_tests cargo test --locked --workspace
