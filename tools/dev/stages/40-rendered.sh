# shellcheck shell=bash
# The checked-in rendered files are what config/ renders to.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

[ -d config/tasker ] || skip "there is no engine configuration yet"
# The whole workspace's features, so that nothing is compiled a second time.
cargo build --quiet --locked --workspace --bin cluster-verify
"$CARGO_TARGET_DIR/debug/cluster-verify" render --check
