# The shell. `lean` is the one for CI: the tools that the list names, and nothing else.
{
  lib,
  mkShell,
  tools,
  verify-command,
  nixfmt-tree,
  lean ? false,
}:
mkShell {
  name = if lean then "tasker-cluster-ci" else "tasker-cluster";
  packages =
    map (tool: tool.package) tools
    ++ lib.optionals (!lean) [
      verify-command
      nixfmt-tree
    ];

  # `./dev` looks for it, and then takes the tools as they are.
  TASKER_NIX_SHELL = "1";
  shellHook = builtins.readFile ./shell-hook.sh;

  passthru = { inherit tools; };
}
