# shellcheck shell=bash
# Usage: ./dev up [OPTION ...] [NAME ...]
#
# Builds what changed and starts the cluster. In the foreground (process-compose's own
# display on a terminal) until Ctrl-C stops it in order, unless one of the first two is given:
#
#   --wait           return when every instance is healthy; exit 1 if that takes too long
#                    (90 s, or TASKER_START_TIMEOUT), naming the instances and their last lines
#   --detach         return as soon as it is started
#   --profile NAME   the engine's settings: stock (as Tasker ships) or polling
#   --mode NAME      cluster (default): two of each service; minimal: two servers and two Rust
#                    workers; single: one of each, on ports of their own
#   --split          the queues in a database of their own
#   --port-offset N  every port N higher
#   --engine PATH    a checkout of tasker-core instead of the published engine; engine.path in
#                    config/cluster.local.toml says the same for good
#   --no-build       start what was built before
#
# With names only those are started: services (worker-ruby), instances (worker-rust-1) or
# `workers`. Where nothing runs yet, so are the database and, for workers, the orchestration
# servers. It then always returns: at once, or with --wait when they are healthy.
#
# TASKER_WORKER_RUST_INSTANCES=3 and the like (from 0 to 10) change a count for this run,
# TASKER_CLUSTER_STATE=/a/folder uses another state folder. Over a running cluster it starts
# what does not run, and nothing else changes. Exit status 3 when a port is taken (it names
# the process), config/ cannot be read or is not rendered, or the state folder is of another
# version.

how=foreground
no_build=
engine=
selection=()
names=()
chosen=()
while [ $# -gt 0 ]; do
    case $1 in
    --wait) how='wait' ;;
    --no-build) no_build=1 ;;
    --detach | -d) [ "$how" = wait ] || how=detach ;;
    --profile | --mode)
        [ $# -ge 2 ] || stop_with 3 "$1 needs a name; ./dev up --help"
        selection+=("$1" "$2")
        shift
        ;;
    --profile=* | --mode=*) selection+=("${1%%=*}" "${1#*=}") ;;
    --split) selection+=("$1") ;;
    --engine)
        [ $# -ge 2 ] || stop_with 3 "--engine needs the folder of a checkout of tasker-core; ./dev up --help"
        engine=$2
        shift
        ;;
    --engine=*) engine=${1#*=} ;;
    -*) stop_with 3 "up knows no option '$1'; ./dev up --help" ;;
    *) names+=("$1") ;;
    esac
    shift
done

if [ -n "$no_build" ] && [ -n "$engine" ]; then
    stop_with 3 "--engine is for a build, and --no-build starts what was built before; give one of them"
fi

# Starts what is meant and does not run.
go_on() {
    tell_what_is_newer
    local wish granted
    [ -z "$engine" ] || selection+=(--engine "$engine")
    granted=" $(cat "$TASKER_CLUSTER_STATE/wishes" 2>/dev/null || true)"
    for wish in $(wished_by_variables); do
        case $granted in *" $wish "*) ;; *) selection+=("$wish") ;; esac
    done
    [ ${#selection[@]} -eq 0 ] ||
        say "a cluster runs already, so ${selection[*]} changes nothing; ./dev down stops it"
    if [ ${#names[@]} -gt 0 ]; then
        choose_instances "$(running_file)" "${names[@]}"
    else
        # shellcheck disable=SC2207 # a list of names
        chosen=($(instances_of "$(running_file)"))
    fi
    start_instances "${chosen[@]}"
    if [ "$how" = wait ]; then
        wait_until_healthy "${chosen[@]}"
        say "healthy: ${chosen[*]}"
    fi
}

if supervisor_answers; then
    go_on
    return 0
fi

prepare_state
if [ -n "$no_build" ] && [ ! -x "$TASKER_CLUSTER_STATE/bin/cluster-database" ]; then
    stop_with 3 "--no-build starts what was built before, and nothing was built here yet: ./dev up --wait builds it"
fi
ensure_tools
[ -n "$no_build" ] || build "$engine"
# From here on one at a time, until the supervisor answers.
exec 7>"$TASKER_CLUSTER_STATE/start.lock"
if command -v flock >/dev/null; then flock 7; fi
if supervisor_answers; then
    exec 7>&-
    go_on
    return 0
fi
if anything_is_left; then
    say "an earlier start was killed and left processes behind; stopping them first"
    stop_left_over || stop_with 1 "they could not be stopped: ./dev down"
fi
rm -f "$PC_SOCKET_PATH" "$TASKER_CLUSTER_STATE"/pids/*.pid
compose_file=$(render) || exit
if [ ${#names[@]} -gt 0 ]; then
    choose_instances "$compose_file" "${names[@]}"
    case " ${chosen[*]} " in
    *' worker-'*) choose_instances "$compose_file" orchestration "${names[@]}" ;;
    esac
    [ "$how" = wait ] || how=detach
fi
check_ports "$compose_file"

if [ "$how" = foreground ]; then
    cd "$DEV_ROOT" || exit
    export PC_LOG_FILE=$TASKER_CLUSTER_STATE/logs/process-compose.log
    if [ -t 0 ] && [ -t 1 ]; then exec process-compose -f "$compose_file" up 7>&-; fi
    exec process-compose -t=false -f "$compose_file" up 7>&-
fi
is_migrated() {
    [ "$(supervised_status migrate)" = Completed ]
}

# Half a cluster is of no use to anybody.
undo_start() {
    trap '' INT TERM HUP
    say "interrupted; stopping what was started"
    if ! stop_supervisor; then
        # It may not be process-compose yet.
        [ -z "$supervisor_pid" ] || kill -TERM "$supervisor_pid" 2>/dev/null || true
        stop_left_over || true
    fi
    exit 130
}

say "starting the cluster"
begun=$SECONDS
trap undo_start INT TERM HUP
if [ ${#names[@]} -eq 0 ]; then
    launch_supervisor "$compose_file"
else
    # What it does not start now it starts when asked to.
    launch_supervisor "$compose_file" migrate
fi
wait_for_supervisor
exec 7>&-
if [ ${#names[@]} -gt 0 ]; then
    wait_until "$START_DEADLINE" is_migrated || {
        show_last_lines postgres migrate
        stop_with 1 "the database is not ready after $START_DEADLINE s; its last lines are above"
    }
    start_instances "${chosen[@]}"
fi
if [ "$how" = wait ]; then
    wait_until_healthy ${chosen[@]+"${chosen[@]}"}
    if [ ${#names[@]} -gt 0 ]; then
        say "healthy after $((SECONDS - begun)) s: ${chosen[*]}"
    else
        say "every instance is healthy after $((SECONDS - begun)) s; next: ./dev check"
    fi
else
    say "started; next: ./dev status, ./dev logs, ./dev check"
fi
