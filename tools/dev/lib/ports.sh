# shellcheck shell=bash
# Whether the cluster's ports are free, and who holds those that are not.

# The ports that a rendered process-compose file speaks of.
ports_of() {
    sed -n -e "s/^ *port: *['\"]\{0,1\}\([0-9]\{1,\}\)['\"]\{0,1\}.*/\1/p" \
        -e "s/.*TASKER_POSTGRES_PORT=\([0-9]\{1,\}\).*/\1/p" "$1" | sort -un
}

# Stops when any port of the file is taken, naming each holder.
check_ports() {
    local port pid holders
    # shellcheck disable=SC2046 # a list of numbers
    holders=$(python3 "$DEV_ROOT/tools/dev/lib/listeners.py" $(ports_of "$1"))
    [ -n "$holders" ] || return 0
    while read -r port pid; do
        if [ "$pid" = '?' ]; then
            say "port $port is taken by a process that you may not see"
        else
            say "port $port is taken by pid $pid: $(command_of "$pid" | cut -c 1-100) (in $(folder_of "$pid"))"
        fi
    done <<<"$holders"
    stop_with 3 "stop what holds the ports, or move the cluster's, for instance: ./dev up --port-offset $((${TASKER_PORT_OFFSET:-0} + 1000))"
}
