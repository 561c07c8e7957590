# shellcheck shell=bash
# Runs the stages of the tests one after the other and counts them.

# What a stage's file exits with when this machine cannot run it.
SKIPPED=77

stage_pid=
results=()

run_stages() {
    local name status begun passed=0 failed=0 skipped=0
    rm -f "$TASKER_TEST_STATE"/{summary,failures}.txt
    for name in "$@"; do
        printf '\n=== %s: %s\n' "$name" "$(stage_title "$name")"
        begun=$SECONDS
        status=0
        run_stage "$name" || status=$?
        case $status in
        0) passed=$((passed + 1)) && record 'ok' "$name" "$begun" ;;
        "$SKIPPED") skipped=$((skipped + 1)) && record 'skipped' "$name" "$begun" ;;
        *) failed=$((failed + 1)) && record 'FAILED' "$name" "$begun" ;;
        esac
    done
    printf '\n'
    printf '%s\n' "${results[@]}"
    # What a stage wants to be read at the end, and not where it scrolls away.
    local last
    for last in "$TASKER_TEST_STATE"/{summary,failures}.txt; do
        [ ! -s "$last" ] || { printf '\n' && cat "$last"; }
    done
    printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
}

# In the background, so that a signal to us is handled at once and not after the stage;
# in a process group of its own, so that all of the stage can be stopped. Whoever runs us may
# ignore signals (nohup does), and a shell cannot undo that: the stages test what they do.
run_stage() {
    local undo=()
    if env --default-signal true 2>/dev/null; then undo=(env "--default-signal=INT,HUP,TERM"); fi
    set -m
    ${undo[@]+"${undo[@]}"} bash "$DEV_ROOT/tools/dev/stages/$1.sh" </dev/null 8>&- &
    stage_pid=$!
    set +m
    local status=0
    wait "$stage_pid" || status=$?
    stage_pid=
    return "$status"
}

stage_is_gone() {
    ! kill -0 -- "-$stage_pid" 2>/dev/null
}

# The first comment of its file.
stage_title() {
    sed -n 's/^# //p' "$DEV_ROOT/tools/dev/stages/$1.sh" | sed -n 2p
}

record() {
    local line
    line=$(printf '%-8s %-22s %4d s' "$1" "$2" $((SECONDS - $3)))
    results+=("$line")
    printf -- '--- %s\n' "$line"
}

interrupted() {
    trap '' INT TERM HUP
    if [ -n "$stage_pid" ]; then
        say "interrupted; stopping the stage that runs"
        kill -TERM -- "-$stage_pid" 2>/dev/null || true
        wait_until 20 stage_is_gone || kill -KILL -- "-$stage_pid" 2>/dev/null || true
    fi
    exit 130
}

leave_nothing_running() {
    local state
    for state in "$TASKER_TEST_STATE"/{cluster,suite,modes,modes-other,supervisor}; do
        [ -d "$state" ] || continue
        TASKER_CLUSTER_STATE=$state "$DEV_ROOT/dev" down >/dev/null 2>&1 || say "the cluster in $state could not be stopped"
    done
}
