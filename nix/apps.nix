# What `nix run` starts: the project's commands with the packages of this flake, in a checkout.
{
  lib,
  writeShellApplication,
  tools,
  services,
  cluster-verify,
}:
let
  app = program: {
    type = "app";
    program = lib.getExe program;
    meta = { inherit (program.meta) description; };
  };

  inProject =
    name: description: command:
    app (writeShellApplication {
      inherit name;
      runtimeInputs = map (tool: tool.package) tools;
      text = ''
        export TASKER_NIX_SHELL=1
        ${builtins.readFile ./shell-hook.sh}
        [ -n "''${TASKER_CLUSTER_ROOT:-}" ] || exit 3
        cd "$TASKER_CLUSTER_ROOT"
        ${command}
      '';
      meta = { inherit description; };
    });
in
{
  # The programs lie where `./dev` puts what cargo built, so its commands work on this cluster too.
  cluster = inProject "cluster" "Starts the cluster of the checkout that it is called in" ''
    mkdir -p "$TASKER_CLUSTER_STATE/bin"
    ln -sf ${services}/bin/* ${services.ffi}/lib/* ${cluster-verify}/bin/* "$TASKER_CLUSTER_STATE/bin/"
    exec process-compose up "$@"
  '';
  check = inProject "check" "Verifies the running cluster" ''
    exec ${lib.getExe cluster-verify} check "$@"
  '';
  cluster-verify = app cluster-verify;
}
