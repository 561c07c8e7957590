# shellcheck shell=bash
# The state folder: what it holds is written in one version of its layout.

STATE_VERSION=1
POSTGRES_MAJOR=18

# Stops when the folder was written by another version of this project.
check_state_version() {
    local state=$TASKER_CLUSTER_STATE found data_version
    found=$(cat "$state/version" 2>/dev/null || true)
    if [ -n "$found" ] && [ "$found" != "$STATE_VERSION" ]; then
        stop_with 3 "the state folder $state was written by another version of this project (layout $found, this one writes $STATE_VERSION): stop that cluster, then remove the folder: rm -rf '$state'"
    fi
    data_version=$(cat "$TASKER_POSTGRES_HOME/data/PG_VERSION" 2>/dev/null || true)
    if [ -n "$data_version" ] && [ "$data_version" != "$POSTGRES_MAJOR" ]; then
        stop_with 3 "the database in $TASKER_POSTGRES_HOME/data was written by PostgreSQL $data_version, this is $POSTGRES_MAJOR: remove it for a new one: rm -rf '$TASKER_POSTGRES_HOME/data'"
    fi
}

# As root the database may lie outside the state folder. Whoever removed that folder wanted
# a new cluster; without its password the old database is of no use anyway.
remove_orphaned_database() {
    case $TASKER_POSTGRES_HOME in "$TASKER_CLUSTER_STATE"/*) return 0 ;; esac
    if [ -e "$TASKER_CLUSTER_STATE/database.password" ] || [ ! -d "$TASKER_POSTGRES_HOME/data" ]; then return 0; fi
    if postgres_pid >/dev/null; then return 0; fi
    say "the state folder is new: removing the database of the one before, $TASKER_POSTGRES_HOME/data"
    rm -rf "$TASKER_POSTGRES_HOME/data"
}

prepare_state() {
    local folder
    check_state_version
    remove_orphaned_database
    for folder in bin logs pids run witness pc-home; do
        mkdir -p "$TASKER_CLUSTER_STATE/$folder" ||
            stop_with 1 "cannot make $TASKER_CLUSTER_STATE/$folder: make room or make it writable, or set TASKER_CLUSTER_STATE"
    done
    printf '%s\n' "$STATE_VERSION" >"$TASKER_CLUSTER_STATE/version"
}
