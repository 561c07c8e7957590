# shellcheck shell=bash
# The checked-in rendered files are what config/ renders to.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

[ -d config/tasker ] || skip "there is no engine configuration yet"
cargo run --quiet --locked -p cluster-verify -- render --check
