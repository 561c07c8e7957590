# shellcheck shell=bash
# Whether the cluster's ports are free, and who holds those that are not.

# The ports that a rendered process-compose file speaks of.
ports_of() {
    sed -n -e "s/^ *port: *['\"]\{0,1\}\([0-9]\{1,\}\)['\"]\{0,1\}.*/\1/p" \
        -e "s/.*TASKER_POSTGRES_PORT=\([0-9]\{1,\}\).*/\1/p" "$1" | sort -un
}

# Pids that listen on a port; a single "?" when somebody does and it cannot be seen who.
listeners() {
    local port=$1 seen
    if command -v ss >/dev/null; then
        seen=$(ss -Hltnp "sport = :$port" 2>/dev/null)
        [ -n "$seen" ] || return 0
        grep -o 'pid=[0-9]*' <<<"$seen" | cut -d= -f2 | sort -u || echo '?'
    elif command -v lsof >/dev/null; then
        lsof -nP -iTCP:"$port" -sTCP:LISTEN -t 2>/dev/null || true
    elif (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo '?'
    fi
}

# Stops when any port of the file is taken, naming each holder.
check_ports() {
    local file=$1 port pid taken=0
    for port in $(ports_of "$file"); do
        for pid in $(listeners "$port"); do
            taken=1
            if [ "$pid" = '?' ]; then
                say "port $port is taken by a process that you may not see"
            else
                say "port $port is taken by pid $pid: $(command_of "$pid" | cut -c 1-100) (in $(folder_of "$pid"))"
            fi
        done
    done
    [ "$taken" = 0 ] ||
        stop_with 3 "stop what holds the ports, or move the cluster's, for instance: TASKER_PORT_OFFSET=$((${TASKER_PORT_OFFSET:-0} + 1000)) ./dev up"
}
