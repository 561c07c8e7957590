# All parts by name. Each file asks for what it needs, from here or from nixpkgs.
{ pkgs }:
pkgs.lib.makeScope pkgs.newScope (parts: {
  cargo-source = parts.callPackage ./cargo-source.nix { };
  rendered-source = parts.callPackage ./rendered-source.nix { };
  services = parts.callPackage ./services.nix { };
  worker-ffi = parts.services.ffi;
  cluster-verify = parts.callPackage ./cluster-verify.nix { };

  postgresql = parts.callPackage ./postgresql.nix { };
  tasker-py = parts.callPackage ./tasker-py.nix { };
  python = parts.callPackage ./python.nix { };

  tools = parts.callPackage ./tools.nix { };
  verify-command = parts.callPackage ./verify-command.nix { };
  shell = parts.callPackage ./shell.nix { };
  ci-shell = parts.callPackage ./shell.nix { lean = true; };
  apps = parts.callPackage ./apps.nix { };

  checks = {
    pgmq = parts.callPackage ./check-pgmq.nix { };
    tools = parts.callPackage ./check-tools.nix { };
    rendered = parts.callPackage ./check-rendered.nix { };
    process-compose = parts.callPackage ./check-process-compose.nix { };
    formatting = parts.callPackage ./check-formatting.nix { };
    verifier = parts.callPackage ./cluster-verify.nix { withTests = true; };
  };
})
