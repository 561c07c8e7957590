# shellcheck shell=bash
# A whole cluster: the verdict on it, then one fault after the other.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

export TASKER_CLUSTER_STATE=$TASKER_TEST_STATE/cluster TASKER_PORT_OFFSET=$TASKER_TEST_PORT_OFFSET
unset PC_SOCKET_PATH TASKER_POSTGRES_HOME
trap './dev down' EXIT
# With a new database: what earlier runs left in it would be judged too.
./dev down
rm -rf "$TASKER_CLUSTER_STATE"

./dev up --wait
./dev status
./dev check
# The whole workspace's features, so that nothing is compiled a second time.
cargo test --locked --workspace --features cluster-verify/test-cluster --test live
