# shellcheck shell=bash
# Sets the variables of the project's shell, by the file that the shell without Nix uses too.
# `nix develop` may have been called from a folder below the project's; `./dev`, which says where
# the project is, from anywhere.
tasker_project=${DEV_ROOT:-$PWD}
unset DEV_ROOT
while [ ! -f "$tasker_project/tools/env.sh" ] && [ "$tasker_project" != / ]; do
  tasker_project=$(dirname "$tasker_project")
done
if [ -f "$tasker_project/tools/env.sh" ]; then
  # shellcheck disable=SC1091  # it is the project's, wherever that is
  . "$tasker_project/tools/env.sh"
else
  unset TASKER_CLUSTER_ROOT
  echo "not in the project's folder, so none of its variables is set: change into it, and try again" >&2
fi
unset tasker_project
