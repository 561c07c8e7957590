# shellcheck shell=bash
# The test suite, level by level, on a cluster of three of a kind and on one of one of each.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

export TASKER_CLUSTER_STATE=$TASKER_TEST_STATE/suite TASKER_PORT_OFFSET=$TASKER_TEST_PORT_OFFSET
unset PC_SOCKET_PATH TASKER_POSTGRES_HOME
trap './dev down' EXIT
# With a new database: what earlier runs left in it would be judged too.
./dev down
rm -rf "$TASKER_CLUSTER_STATE"
reports=$TASKER_CLUSTER_STATE/tests
export TASKER_TEST_OUTCOMES=$reports/outcomes.jsonl
mkdir -p "$reports"

# Built once, with the whole workspace's features; the levels then need no cargo, and no turn at its lock.
cargo nextest list --locked --workspace --features cluster-tests/test-cluster \
    --list-type binaries-only --message-format json >"$reports/binaries.json"
cargo metadata --locked --format-version 1 >"$reports/metadata.json"

# One level's tests on the cluster that runs; goes on after a failure, so that the summary has all.
failed=
level() {
    local name=$1 filter=$2
    printf '\n--- %s\n' "$name"
    cargo nextest run --binaries-metadata "$reports/binaries.json" --cargo-metadata "$reports/metadata.json" \
        --profile ci -E "package(cluster-tests) & $filter" || failed=1
    mv target/nextest/ci/junit.xml "$reports/$name.xml" || failed=1
}

./dev up --wait --mode single
level single-instance 'binary(e2e_tests) & !test(multi_instance)'
./dev down

TASKER_ORCHESTRATION_INSTANCES=3 TASKER_WORKER_RUST_INSTANCES=3 ./dev up --wait
level database-and-messages '!binary(e2e_tests)'
level services-and-cluster 'binary(e2e_tests)'

printf '\n'
python3 tools/dev/lib/suite_summary.py "$TASKER_TEST_OUTCOMES" "$reports"/*.xml
[ -z "$failed" ]
