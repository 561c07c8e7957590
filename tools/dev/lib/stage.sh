# shellcheck shell=bash
# What a stage of the tests begins with: stops at the first failure, in the project's folder.
set -euo pipefail
cd "$TASKER_CLUSTER_ROOT"

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

# Runs Rust tests. What failed is told once more at the end of all stages, and not only where it scrolls away.
run_tests() {
    local output=$TASKER_TEST_STATE/output.txt status=0
    "$@" | tee "$output" || status=$?
    [ "$status" = 0 ] ||
        awk '/^failures:$/ { on = 1 } on && n++ < 200; /^test result/ { on = 0 }' "$output" >>"$TASKER_TEST_STATE/failures.txt"
    rm -f "$output"
    return "$status"
}

# Files that git knows or would add, so that nothing generated is looked at.
project_files() {
    git ls-files --cached --others --exclude-standard
}

# Sets TASKER_WORKER_FFI to the library that the stage of the binaries built.
use_worker_library() {
    local suffix=so
    case $(uname) in Darwin) suffix=dylib ;; esac
    export TASKER_WORKER_FFI=$TASKER_TEST_STATE/bin/libworker_ffi.$suffix
    [ -f "$TASKER_WORKER_FFI" ] || {
        printf 'there is no %s: run the stage that builds it first, ./dev test binaries\n' "$TASKER_WORKER_FFI"
        exit 1
    }
}
