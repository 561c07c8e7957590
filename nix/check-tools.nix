# The shell has every tool of the list, and each answers with the version that the list asks for.
{
  lib,
  runCommand,
  ci-shell,
  tools,
}:
let
  # A tool without a command is an extension of PostgreSQL: check-pgmq.nix looks at it.
  rows = lib.concatMapStringsSep "\n" (
    tool:
    lib.optionalString (tool.command != "") (
      lib.escapeShellArgs (
        [
          "check"
          tool.name
          tool.match
          tool.version
          tool.command
        ]
        ++ tool.version_args
      )
    )
  ) tools;
in
runCommand "shell-has-its-tools" { nativeBuildInputs = ci-shell.nativeBuildInputs; } ''
  export HOME=$PWD
  failed=0
  complain() {
    echo "$*" >&2
    failed=1
  }

  check() {
    local name=$1 match=$2 wanted=$3 command=$4 output found
    shift 4
    case $(type -P "$command") in
      "$NIX_STORE"/*) ;;
      *)
        complain "the shell has no \`$command\` ($name)"
        return
        ;;
    esac
    if ! output=$("$command" "$@" 2>&1); then
      complain "\`$command $*\` failed: $output"
      return
    fi
    if ! [[ $output =~ [0-9]+(\.[0-9]+)+ ]]; then
      complain "\`$command $*\` names no version: $output"
      return
    fi
    found=''${BASH_REMATCH[0]}
    case $match in
      major) [ "''${found%%.*}" = "$wanted" ] || complain "$name is $found; the list asks for major $wanted" ;;
      minimum)
        [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ] ||
          complain "$name is $found; the list asks for $wanted or newer"
        ;;
      *) complain "tools/tools.toml: $name has match = \"$match\"; it is \"major\" or \"minimum\"" ;;
    esac
  }

  ${rows}
  [ "$failed" = 0 ]
  touch "$out"
''
