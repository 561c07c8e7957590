# shellcheck shell=bash
# Nix when it works, else the tools that tools/install.py puts into the cache folder.

# Continues inside `nix develop` where that is the choice; otherwise returns.
choose_toolchain() {
    [ -z "${TASKER_NIX_SHELL:-}" ] || return 0
    # Asked often, and it needs nothing but what was built.
    if [ "$1" = status ] && [ -x "${TASKER_CLUSTER_STATE:-$DEV_ROOT/.cluster}/bin/cluster-verify" ]; then return 0; fi
    case ${DEV_TOOLCHAIN:-} in
    fallback) ;;
    nix)
        command -v nix >/dev/null || stop_with 3 "DEV_TOOLCHAIN=nix, and there is no nix on PATH"
        rm -f "$(nix_memory)"
        enter_nix "$@"
        ;;
    '')
        local reason status=0
        reason=$(nix_refuses) || status=$?
        case $status in
        0) ;;
        1) enter_nix "$@" ;;
        *) exit "$status" ;;
        esac
        case $1 in
        up | check | test) say "tools: the fallback tool chain ($reason)" ;;
        esac
        # Said once: what this run calls of ./dev takes the same tools.
        export DEV_TOOLCHAIN=fallback
        ;;
    *) stop_with 3 "DEV_TOOLCHAIN=$DEV_TOOLCHAIN; it is nix or fallback" ;;
    esac
}

enter_nix() {
    exec env DEV_ROOT="$DEV_ROOT" \
        nix --extra-experimental-features 'nix-command flakes' develop "$DEV_ROOT" -c "$DEV_ROOT/dev" "$@"
}

nix_memory() {
    echo "${TASKER_CLUSTER_STATE:-$DEV_ROOT/.cluster}/nix-answer"
}

# Prints why Nix is not used; fails with 1 when it works. The answer is remembered until flake or
# Nix change, a refusal for a day: asking takes a second where it works, and may take a minute
# without a network.
nix_refuses() {
    if ! command -v nix >/dev/null; then
        echo "there is no nix on PATH"
        return
    fi
    local memory question
    memory=$(nix_memory)
    question=$(nix --version; cat "$DEV_ROOT/flake.nix" "$DEV_ROOT/flake.lock" 2>/dev/null | cksum)
    case $(cat "$memory" 2>/dev/null) in
    "works $question") return 1 ;;
    "refuses $question")
        if [ -n "$(find "$memory" -mtime -1)" ]; then
            echo "nix develop did not work here before; DEV_TOOLCHAIN=nix tries it again"
            return
        fi
        ;;
    esac
    # Nix ends an interrupted run as it ends one that failed.
    trap 'exit 130' INT TERM HUP
    mkdir -p "$(dirname "$memory")"
    say "trying nix develop (the first time it downloads the tools)"
    if try_nix "$memory.log"; then
        echo "works $question" >"$memory"
        return 1
    fi
    echo "refuses $question" >"$memory"
    # Nix ends with a remark on its own options; what went wrong is in the first error.
    local why
    why=$(grep -m 1 'error:' "$memory.log" || tail -n 1 "$memory.log")
    echo "nix develop does not work here: $(printf '%s' "${why#*error: }" | cut -c 1-120)"
}

# What Nix says goes to the file; on a terminal its progress is shown as well.
try_nix() {
    local words=(env DEV_ROOT="$DEV_ROOT" nix --extra-experimental-features 'nix-command flakes' develop "$DEV_ROOT" -c true)
    if [ -t 2 ]; then
        "${words[@]}" 2>&1 >/dev/null | tee "$1" >&2
        return "${PIPESTATUS[0]}"
    fi
    "${words[@]}" >/dev/null 2>"$1"
}

load_environment() {
    # shellcheck source=/dev/null
    . "$DEV_ROOT/tools/env.sh"
}

tools_are_complete() {
    local program
    [ -n "${TASKER_NIX_SHELL:-}" ] && return
    [ -e "$TASKER_TOOLS/complete" ] || return
    for program in postgres/bin/postgres bin/process-compose bin/protoc bin/bun python/bin/python3; do
        [ -x "$TASKER_TOOLS/$program" ] || return
    done
    command -v cc >/dev/null && command -v cargo >/dev/null && command -v ruby >/dev/null
}

# Installs what is missing; answers at once when nothing is.
ensure_tools() {
    if tools_are_complete; then return 0; fi
    command -v python3 >/dev/null ||
        stop_with 3 "Python 3.11 or newer is needed, and there is no python3 on PATH: install it (Debian: apt-get install python3 python3-venv)"
    python3 "$DEV_ROOT/tools/install.py" >/dev/null || exit
    load_environment
}
