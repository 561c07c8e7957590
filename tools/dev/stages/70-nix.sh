# shellcheck shell=bash
# The Nix flake, against a stand-in for nixpkgs.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

# It becomes this stage's process, so that a signal reaches it.
exec tests/nix/run
