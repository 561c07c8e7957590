# shellcheck shell=bash
# The test suite, level by level, on clusters of three of a kind and on one of one of each.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

export TASKER_CLUSTER_STATE=$TASKER_TEST_STATE/suite TASKER_PORT_OFFSET=$TASKER_TEST_PORT_OFFSET
unset PC_SOCKET_PATH TASKER_POSTGRES_HOME
reports=$TASKER_CLUSTER_STATE/tests
export TASKER_TEST_OUTCOMES=$reports/outcomes.jsonl
# Each level has all that its tests need: one that has nothing to test here has lost its cluster.
export TASKER_TEST_SKIP=fail

# Also of a suite that ends early: `./dev test` prints it beneath its own table.
finish() {
    python3 tools/dev/lib/suite_summary.py "$TASKER_TEST_OUTCOMES" \
        "$reports"/{single-instance,without-races,database-and-messages,services-and-cluster}.xml \
        >"$TASKER_TEST_STATE/summary.txt" 2>&1 || true
    ./dev down
}
trap finish EXIT
# With a new database: what earlier runs left in it would be judged too.
./dev down
rm -rf "$TASKER_CLUSTER_STATE"
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

# Claimed once, finished once, applied once: nothing of that is known to fail here. On a database that has the names
# of all steps: two servers that add the same name at once clash, which is another fault.
TASKER_ORCHESTRATION_INSTANCES=3 TASKER_WORKER_RUST_INSTANCES=3 TASKER_WORKER_RUBY_INSTANCES=0 \
    TASKER_WORKER_PYTHON_INSTANCES=0 TASKER_WORKER_TS_INSTANCES=0 ./dev up --wait --profile polling
level without-races 'test(/::(step_claiming_contention|orchestrator_race|duplicate_result)_test::/)'
./dev down

TASKER_ORCHESTRATION_INSTANCES=3 TASKER_WORKER_RUST_INSTANCES=3 ./dev up --wait
level database-and-messages '!binary(e2e_tests)'
# The metrics of one worker tell of all events only where it is the only one: tested in single mode.
level services-and-cluster 'binary(e2e_tests) & !test(domain_event_metrics_test)'

printf '\n--- the known findings of all these tasks together, against their bounds\n'
"$TASKER_CLUSTER_STATE/bin/cluster-verify" check --quick \
    --only 601,602,605,607,608,609,611,612,613,615,618,620,625 || failed=1
[ -z "$failed" ]
