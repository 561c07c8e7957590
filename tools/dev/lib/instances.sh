# shellcheck shell=bash
# Single instances of a running cluster: started and stopped by process-compose alone.

# How long a service that stops may take; each has ten seconds before it is killed.
STOP_ONE_SECONDS=15

# Prints the instances that a service, an instance or `workers` means, of the lines on
# standard input; fails when there is none.
instances_called() {
    awk -v wanted="$1" '
        $1 == wanted { print $1; found = 1 }
        match($1, /-[0-9]+$/) {
            service = substr($1, 1, RSTART - 1)
            if (service == wanted || (wanted == "workers" && service ~ /^worker-/)) { print $1; found = 1 }
        }
        END { exit !found }'
}

# Sets `chosen` to the instances that the names mean, in the order of the cluster's file.
choose_instances() {
    local file=$1 name ids all
    shift
    # As the file has them: the supervisor knows no order.
    all=$(instances_of "$file")
    chosen=()
    for name in "$@"; do
        ids=$(instances_called "$name" <<<"$all") ||
            stop_with 3 "there is no service or instance '$name' in this cluster; there are: $(tr '\n' ' ' <<<"$all")and workers for all workers"
        # shellcheck disable=SC2206 # a list of names
        chosen+=($ids)
    done
    # shellcheck disable=SC2207 # each once, however often it was meant
    chosen=($(printf '%s\n' "${chosen[@]}" | awk '!seen[$0]++'))
}

# The instances in a rendered process-compose file.
instances_of() {
    sed -n 's/^ *command: exec services\/launch \([a-z0-9-]*\) .*/\1/p' "$1"
}

# The file that the running cluster was started with.
running_file() {
    if [ -f "$TASKER_CLUSTER_STATE/process-compose.yaml" ]; then
        echo "$TASKER_CLUSTER_STATE/process-compose.yaml"
    else
        echo "$DEV_ROOT/process-compose.yaml"
    fi
}

needs_a_cluster() {
    supervisor_answers || stop_with 1 "no cluster runs here; ./dev up --wait starts one"
}

# What the supervisor says of one process: Running, Completed, Disabled and the like.
supervised_status() {
    supervised | awk -v name="$1" '$1 == name { print $2 }'
}

# Also true of one that was never started, and of all once the supervisor is gone.
has_ended() {
    case $(supervised_status "$1") in
    Completed | Disabled | Error | Skipped | '') ;;
    *) return 1 ;;
    esac
}

# Starts what does not run. The first worker of a service goes before the others: two that
# register their templates at once on a new database lose some of them.
start_instances() {
    local id later=() first=()
    for id in "$@"; do
        has_ended "$id" || continue
        case $id in
        worker-*-1 | orchestration-*) first+=("$id") ;;
        *) later+=("$id") ;;
        esac
    done
    [ ${#first[@]} -gt 0 ] || [ ${#later[@]} -gt 0 ] || say "nothing to start: it runs already"
    for id in ${first[@]+"${first[@]}"}; do start_one "$id"; done
    [ ${#later[@]} -gt 0 ] || return 0
    for id in ${first[@]+"${first[@]}"}; do
        wait_until "$START_DEADLINE" are_healthy "$id" || not_started "$id"
    done
    for id in "${later[@]}"; do start_one "$id"; done
}

start_one() {
    say "starting $1"
    (within 10 process-compose process start "$1") >/dev/null ||
        stop_with 1 "process-compose could not start $1; its reason is above"
}

not_started() {
    show_last_lines "$1"
    stop_with 1 "$1 is not healthy after $START_DEADLINE s; its last lines are above, more of them: ./dev logs $1"
}

stop_instances() {
    local id running=()
    for id in "$@"; do
        if has_ended "$id"; then say "$id does not run"; else running+=("$id"); fi
    done
    [ ${#running[@]} -gt 0 ] || return 0
    say "stopping ${running[*]}"
    # One after the other for process-compose, so each gets the time that one may take.
    (within $((STOP_ONE_SECONDS * ${#running[@]})) process-compose process stop "${running[@]}") >/dev/null ||
        stop_with 1 "process-compose could not stop all of them: ./dev status shows which"
    for id in "${running[@]}"; do
        wait_until "$STOP_ONE_SECONDS" has_ended "$id" || stop_with 1 "$id does not stop: ./dev logs $id"
    done
}

# One after the other, each healthy before the next stops: a service of several instances
# goes on serving.
restart_instances() {
    local id
    for id in "$@"; do
        if has_ended "$id"; then
            start_one "$id"
        else
            say "restarting $id"
            (within $((2 * STOP_ONE_SECONDS)) process-compose process restart "$id") >/dev/null ||
                stop_with 1 "process-compose could not restart $id; its reason is above"
        fi
        wait_until "$START_DEADLINE" are_healthy "$id" || not_started "$id"
    done
}
