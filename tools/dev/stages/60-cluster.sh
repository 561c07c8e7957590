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
# Engine and services log addresses with the password in them, one of them cut off within it.
if grep -rlF "$(cut -c 1-8 "$TASKER_CLUSTER_STATE/database.password")" "$TASKER_CLUSTER_STATE/logs"; then
    printf 'these logs hold the beginning of the password of the database\n'
    exit 1
fi
if grep -rl '^<nil> ' "$TASKER_CLUSTER_STATE/logs"; then
    printf 'process-compose wrote words of its own before the lines of these logs\n'
    exit 1
fi
# The whole workspace's features, so that nothing is compiled a second time. The tests take turns at the cluster: with
# one thread always in the same order.
run_tests cargo test --locked --workspace --features cluster-verify/test-cluster --test live -- --test-threads 1
# Whatever was broken is whole again.
./dev check

# What a stop could not do is in the log alone.
./dev down
for log in "$TASKER_CLUSTER_STATE"/logs/worker-{ruby,ts}-[12].log; do
    tail -n 20 "$log" | grep -q 'stopped after [0-9]* ms; steps: ' || {
        printf 'it did not stop in order: %s\n' "$log"
        tail -n 3 "$log"
        exit 1
    }
done
