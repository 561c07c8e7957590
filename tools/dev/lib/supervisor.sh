# shellcheck shell=bash
# process-compose, as this checkout's supervisor: reached through PC_SOCKET_PATH.

START_DEADLINE=${TASKER_START_TIMEOUT:-90}
case $START_DEADLINE in *[!0-9]*) stop_with 3 "TASKER_START_TIMEOUT=$START_DEADLINE: expected a number of seconds" ;; esac
# With a zero in front it would be taken for an octal number.
START_DEADLINE=$((10#$START_DEADLINE))
# An instance that ended so often while the cluster starts will not get healthy.
MOST_RESTARTS=5
# `down` promises twelve seconds for all of it.
STOP_SECONDS=10

supervisor_pid=

supervisor_answers() {
    [ -S "$PC_SOCKET_PATH" ] && (within 3 process-compose project state) >/dev/null 2>&1
}

# Lines of "name status pid", as the supervisor sees them.
supervised() {
    (within 5 process-compose process list -o json) 2>/dev/null | python3 -c '
import json, sys
for process in json.load(sys.stdin):
    print(process["name"], process["status"].replace(" ", "_"), process["pid"])
'
}

# In a session of its own, so that closing this terminal does not stop the cluster. With
# further words only those processes, and what they depend on. Its standard output repeats
# every line of every process and has no bound, so only its last words are kept.
launch_supervisor() {
    local file=$1 log=$TASKER_CLUSTER_STATE/logs/process-compose.log starter=nohup
    shift
    if command -v setsid >/dev/null; then starter=setsid; fi
    cd "$DEV_ROOT" || exit
    "$starter" process-compose -t=false -f "$file" -L "$log" up "$@" \
        </dev/null >/dev/null 2>"$TASKER_CLUSTER_STATE/logs/process-compose.err" 7>&- &
    supervisor_pid=$!
    disown "$supervisor_pid"
}

supervisor_is_up_or_gone() {
    supervisor_answers || ! kill -0 "$supervisor_pid" 2>/dev/null
}

# Returns once it answers; otherwise stops with what it said.
wait_for_supervisor() {
    if wait_until 10 supervisor_is_up_or_gone && supervisor_answers; then return 0; fi
    tail -n 5 "$TASKER_CLUSTER_STATE/logs/process-compose.err" "$TASKER_CLUSTER_STATE/logs/process-compose.log" >&2 || true
    stop_with 1 "process-compose did not start; its last lines are above"
}

# Lines of "instance restarts" of those named, or of all, that are not healthy yet.
not_healthy() {
    cluster-verify status -o json "$@" 2>/dev/null | python3 -c '
import json, sys
for instance in json.load(sys.stdin)["instances"]:
    if instance["status"] != "healthy":
        print(instance["instance"], instance["restarts"])
'
}

# Whether those named, or all, are healthy. Stops where their configuration cannot be read: that
# stays so however long one waits.
are_healthy() {
    local status=0 said
    said=$(cluster-verify status "$@" 2>&1 >/dev/null) || status=$?
    case $status in
    0) return 0 ;;
    3 | 126 | 127)
        [ -z "$said" ] || say "$said"
        stop_with 3 "cluster-verify cannot tell the cluster's state; the reason is above; what runs goes on running: ./dev down stops it"
        ;;
    esac
    return 1
}

# Returns once those named, or all, are healthy; otherwise says which are not, and shows why.
wait_until_healthy() {
    local deadline=$((SECONDS + START_DEADLINE)) begun=$SECONDS behind waiting failing said=
    until are_healthy "$@"; do
        if ! supervisor_answers; then
            show_last_lines postgres migrate process-compose
            stop_with 1 "the supervisor ended while the cluster was starting; the last lines of its logs are above"
        fi
        behind=$(not_healthy "$@") || true
        waiting=$(awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $1 }' <<<"$behind")
        failing=$(awk -v most="$MOST_RESTARTS" '$2 >= most { printf "%s ", $1 }' <<<"$behind")
        if [ -n "$failing" ]; then
            # shellcheck disable=SC2086 # a list of names
            show_last_lines $failing
            stop_with 1 "it ends again and again, so it will not get healthy: ${failing% }; the reason is above, more of it: ./dev logs INSTANCE; the rest goes on running: ./dev down stops it"
        fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            # shellcheck disable=SC2046 # a list of names
            show_last_lines postgres migrate $(cut -d' ' -f1 <<<"$behind")
            stop_with 1 "not healthy after $START_DEADLINE s: ${waiting:-unknown}; the last lines are above, more of them: ./dev logs INSTANCE; it goes on running: ./dev down stops it"
        fi
        if [ "$waiting" != "$said" ] && [ -n "$waiting" ]; then
            say "waiting for $waiting ($((SECONDS - begun)) s)"
            said=$waiting
        fi
        sleep 0.3
    done
}

show_last_lines() {
    local name file
    for name in "$@"; do
        file=$TASKER_CLUSTER_STATE/logs/$name.log
        [ -s "$file" ] || continue
        say "--- $name"
        tail -n 8 "$file" >&2
    done
}

# An ordered stop through the supervisor; fails when it did not end in time.
stop_supervisor() {
    # In a subshell: a trap that runs inside the redirection could say nothing.
    (within "$STOP_SECONDS" process-compose down) >/dev/null 2>&1 || return
    wait_until 2 supervisor_is_gone
}

supervisor_is_gone() {
    [ -z "$(supervisor_pids)" ]
}
