# shellcheck shell=bash
# The cluster's processes as the operating system sees them: for what a killed supervisor
# left behind. Known by the environment or the folder that only this cluster gives a
# process, never by a name alone.

# Pids whose environment has every one of the given entries; one that ends in = or / only
# begins an entry.
pids_with_environment() {
    local entry files lines whole
    if [ -d /proc/self ]; then
        files=(/proc/[0-9]*/environ)
        for entry in "$@"; do
            case $entry in *= | */) whole= ;; *) whole=-x ;; esac
            # shellcheck disable=SC2207,SC2086 # no path here has a space
            files=($(grep -lsazF $whole -e "$entry" "${files[@]}" || true))
            [ ${#files[@]} -gt 0 ] || return 0
        done
        printf '%s\n' "${files[@]}" | cut -d/ -f3
    else
        lines=$(ps -axEww -o pid=,command=)
        for entry in "$@"; do
            case $entry in *= | */) ;; *) entry="$entry " ;; esac
            lines=$(awk -v entry="$entry" 'index($0 " ", entry)' <<<"$lines")
        done
        awk '{ print $1 }' <<<"$lines"
    fi
}

folder_of() {
    if [ -d /proc/self ]; then
        readlink "/proc/$1/cwd" 2>/dev/null || true
    else
        lsof -a -p "$1" -d cwd -Fn 2>/dev/null | sed -n 's/^n//p'
    fi
}

command_of() {
    if [ -d /proc/self ]; then
        (tr '\0' ' ' <"/proc/$1/cmdline") 2>/dev/null || true
    else
        ps -o command= -p "$1" 2>/dev/null || true
    fi
}

# Prints state, parent and group of a process; nothing when there is none. A small
# system has no ps.
standing_of() {
    local line
    if [ -d /proc/self ]; then
        { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
        # The name in parentheses before it may hold anything.
        line=${line##*) }
        cut -d' ' -f1-3 <<<"$line"
    else
        ps -o stat=,ppid=,pgid= -p "$1" 2>/dev/null || true
    fi
}

group_of() {
    local group
    read -r _ _ group <<<"$(standing_of "$1")"
    echo "${group:-}"
}

is_running() {
    case $(standing_of "$1") in '' | Z*) return 1 ;; esac
}

none_is_running() {
    local pid
    for pid in "$@"; do ! is_running "$pid" || return 1; done
}

# Our own process and its parents share the shell's environment and must not be hit.
is_ancestor() {
    local pid=$$ parent
    while [ "${pid:-0}" -gt 1 ]; do
        [ "$pid" != "$1" ] || return 0
        read -r _ parent _ <<<"$(standing_of "$pid")"
        pid=$parent
    done
    return 1
}

pids_named() {
    if [ -d /proc/self ]; then
        { grep -lsx -e "$1" /proc/[0-9]*/comm || true; } | cut -d/ -f3
    else
        pgrep -x "$1" || true
    fi
}

supervisor_pids() {
    local pid candidates elsewhere named
    candidates=$(pids_with_environment "PC_SOCKET_PATH=$PC_SOCKET_PATH")
    if [ "$TASKER_CLUSTER_STATE" = "$DEV_ROOT/.cluster" ]; then
        # Started by hand outside this project's shell: it has read .pc_env in this folder.
        elsewhere=" $(pids_with_environment PC_SOCKET_PATH= | tr '\n' ' ')"
        for pid in $(pids_named process-compose); do
            case $elsewhere in *" $pid "*) continue ;; esac
            [ "$(folder_of "$pid")" != "$DEV_ROOT" ] || candidates="$candidates $pid"
        done
    fi
    named=" $(pids_named process-compose | tr '\n' ' ')"
    for pid in $candidates; do
        # A script of the project's shell may speak of `process-compose up` too.
        case $named in *" $pid "*) ;; *) continue ;; esac
        ! is_ancestor "$pid" || continue
        case $(command_of "$pid") in
        *process-compose*\ up | *process-compose*\ up\ * | process-compose) echo "$pid" ;;
        esac
    done | sort -u
}

# The database server, known by the folder that it works in.
postgres_pid() {
    local data=$TASKER_POSTGRES_HOME/data pid
    pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null || true)
    [ -n "$pid" ] && is_running "$pid" && [ "$(folder_of "$pid")" = "$data" ] && echo "$pid"
}

# Every process of the cluster but the supervisor and the database server.
instance_pids() {
    local pid file data=$TASKER_POSTGRES_HOME/data supervisors
    supervisors=" $(supervisor_pids | tr '\n' ' ')"
    {
        pids_with_environment "TASKER_RUN_DIR=$TASKER_CLUSTER_STATE/run/"
        pids_with_environment "PC_PROC_NAME=" "TASKER_CLUSTER_STATE=$TASKER_CLUSTER_STATE"
        for file in "$TASKER_CLUSTER_STATE"/pids/*.pid; do
            [ -e "$file" ] || continue
            pid=$(cat "$file")
            case $(folder_of "$pid") in "$TASKER_CLUSTER_STATE/run/"*) echo "$pid" ;; esac
        done
    } | sort -un | while read -r pid; do
        case $supervisors in *" $pid "*) continue ;; esac
        if ! is_running "$pid" || is_ancestor "$pid"; then continue; fi
        [ "$(folder_of "$pid")" = "$data" ] || echo "$pid"
    done
}

# The instance's name where the process has one, else the command.
name_of() {
    local folder command
    folder=$(folder_of "$1")
    command=$(command_of "$1")
    case $folder:$command in
    "$TASKER_CLUSTER_STATE/run/"*:*) basename "$folder" ;;
    *:process-compose\ *) echo process-compose ;;
    *) cut -c 1-60 <<<"$command" ;;
    esac
}

# TERM, wait for them to go, then KILL with their groups; says what it stopped.
stop_processes() {
    local seconds=$1 pid group own
    shift
    for pid in "$@"; do
        is_running "$pid" || continue
        say "stopping $(name_of "$pid") (pid $pid)"
        # A process that somebody has halted would never see the signal.
        kill -TERM "$pid" 2>/dev/null && kill -CONT "$pid" 2>/dev/null || true
    done
    if wait_until "$seconds" none_is_running "$@"; then return 0; fi
    own=$(group_of $$)
    for pid in "$@"; do
        is_running "$pid" || continue
        say "it does not stop: killing $(name_of "$pid") (pid $pid)"
        group=$(group_of "$pid")
        if [ -n "$group" ] && [ "$group" != "$own" ]; then
            kill -KILL -- "-$group" 2>/dev/null || true
        fi
        kill -KILL "$pid" 2>/dev/null || true
    done
    wait_until 2 none_is_running "$@"
}

# PostgreSQL's own signals: INT is the fast shutdown, QUIT the immediate one.
stop_postgres() {
    local pid signal
    pid=$(postgres_pid) || return 0
    say "stopping PostgreSQL (pid $pid)"
    for signal in INT QUIT KILL; do
        kill "-$signal" "$pid" 2>/dev/null || true
        if wait_until 3 none_is_running "$pid"; then return 0; fi
    done
    return 1
}

# Whatever is left of a cluster whose supervisor is gone or does not answer. The services
# are to stop within ten seconds, and all of it within twelve, whichever part hangs.
stop_left_over() {
    local begun=${1:-$SECONDS} pids left
    pids=$(supervisor_pids)
    left=$((begun + 8 - SECONDS))
    # shellcheck disable=SC2086 # lists of pids
    [ -z "$pids" ] || stop_processes $((left > 1 ? left : 1)) $pids
    pids=$(instance_pids)
    left=$((begun + 9 - SECONDS))
    # shellcheck disable=SC2086
    [ -z "$pids" ] || stop_processes $((left > 1 ? left : 1)) $pids
    stop_postgres
}

anything_is_left() {
    [ -n "$(supervisor_pids)" ] || [ -n "$(instance_pids)" ] || postgres_pid >/dev/null
}

# A halted process would make an ordered stop wait for its time limit.
wake_halted() {
    local pid
    for pid in $(instance_pids) $(supervisor_pids); do
        case $(standing_of "$pid") in
        T*) say "waking $(name_of "$pid") (pid $pid), which was halted" && kill -CONT "$pid" ;;
        esac
    done
}
