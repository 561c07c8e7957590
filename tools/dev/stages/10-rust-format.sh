# shellcheck shell=bash
# Rust as rustfmt writes it.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

cargo fmt --all --check
