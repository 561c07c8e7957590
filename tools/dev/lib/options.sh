# shellcheck shell=bash
# The options that every command takes.

# Whether --help is among a command's arguments. What comes after -- is somebody else's command
# line, and of `shell` so is everything after its first word.
asks_for_help() {
    local command=$1 word
    shift
    for word in "$@"; do
        case $word in
        --) return 1 ;;
        -h | --help) return 0 ;;
        esac
        [ "$command" != shell ] || return 1
    done
    return 1
}

# Sets `words` to the arguments without --port-offset, and TASKER_PORT_OFFSET to its number.
# What comes after -- is somebody else's command line.
take_port_offset() {
    local offset=
    words=()
    while [ $# -gt 0 ]; do
        case $1 in
        --) break ;;
        --port-offset)
            [ $# -ge 2 ] || stop_with 3 "--port-offset needs a number from 0 to 50000"
            offset=$2
            shift
            ;;
        --port-offset=*) offset=${1#*=} ;;
        *) words+=("$1") ;;
        esac
        shift
    done
    words+=("$@")
    [ -n "$offset" ] || return 0
    case $offset in
    *[!0-9]* | ??????*) stop_with 3 "--port-offset $offset: expected a number from 0 to 50000" ;;
    esac
    [ "$offset" -le 50000 ] || stop_with 3 "--port-offset $offset: expected a number from 0 to 50000"
    export TASKER_PORT_OFFSET=$offset
    export TASKER_TEST_PORT_OFFSET=$offset
}
