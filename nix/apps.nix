# What `nix run` starts: the project's commands with the packages of this flake, in a checkout.
{
  lib,
  writeShellApplication,
  tools,
  services,
  cluster-verify,
}:
let
  inProject =
    name: description: command:
    let
      program = writeShellApplication {
        inherit name;
        runtimeInputs = map (tool: tool.package) tools;
        text = ''
          export TASKER_NIX_SHELL=1
          ${builtins.readFile ./shell-hook.sh}
          # Before what cargo may have built there.
          export PATH=${services}/bin:${cluster-verify}/bin:$PATH
          cd "$TASKER_CLUSTER_ROOT"
          ${command}
        '';
        meta = { inherit description; };
      };
    in
    {
      type = "app";
      program = lib.getExe program;
      meta = { inherit description; };
    };
in
{
  cluster = inProject "cluster" "Starts the cluster and shows it" ''
    exec process-compose up "$@"
  '';
  check = inProject "check" "Verifies the running cluster" ''
    exec cluster-verify check "$@"
  '';
  cluster-verify = {
    type = "app";
    program = lib.getExe cluster-verify;
    meta.description = cluster-verify.meta.description;
  };
}
