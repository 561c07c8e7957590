# shellcheck shell=bash
# Which cluster is meant, by options and by variables, and the file that starts it.

# What variables ask of this run: counts, and how much higher the ports are.
wished_by_variables() {
    local name
    for name in ${!TASKER_@}; do
        case $name in TASKER_*_INSTANCES) [ -z "${!name}" ] || printf '%s=%s ' "$name" "${!name}" ;; esac
    done
    case ${TASKER_PORT_OFFSET:-} in '' | 0) ;; *) printf -- '--port-offset=%s ' "$TASKER_PORT_OFFSET" ;; esac
}

# Nothing but the checked-in file when nothing differs from it.
differs_from_default() {
    [ ${#selection[@]} -gt 0 ] || [ "$TASKER_CLUSTER_STATE" != "$DEV_ROOT/.cluster" ] ||
        [ -n "$(wished_by_variables)" ] || [ -e "$TASKER_CLUSTER_STATE/bin/engine.json" ]
}

# Prints the file that starts the cluster which the options in `selection` ask for. The checked-in
# files must be those of the cluster's description, since the verifier judges by that.
render() {
    local record=$TASKER_CLUSTER_STATE/bin/engine.json
    cd "$DEV_ROOT" || exit
    cluster-verify render --check >&2 || exit 3
    rm -f "$TASKER_CLUSTER_STATE/selection.json" "$TASKER_CLUSTER_STATE/process-compose.yaml"
    wished_by_variables >"$TASKER_CLUSTER_STATE/wishes"
    if ! differs_from_default; then
        echo "$DEV_ROOT/process-compose.yaml"
        return
    fi
    [ ! -e "$record" ] || selection+=(--engine "$record")
    cluster-verify render --run ${selection[@]+"${selection[@]}"} >/dev/null || exit
    echo "$TASKER_CLUSTER_STATE/process-compose.yaml"
}
