# shellcheck shell=bash
# The Rust crates' unit tests.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

cargo test --locked --workspace
