# shellcheck shell=bash
# Clippy over everything, warnings denied.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

cargo clippy --locked --workspace --all-targets -- -D warnings
