{
  description = "A replicated Tasker cluster on one machine, and a verifier that proves it works";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      partsOf = nixpkgs.lib.genAttrs systems (
        system: import ./nix { pkgs = nixpkgs.legacyPackages.${system}; }
      );
      eachSystem = pick: nixpkgs.lib.genAttrs systems (system: pick partsOf.${system});
    in
    {
      packages = eachSystem (parts: {
        inherit (parts)
          postgresql
          services
          worker-ffi
          cluster-verify
          python
          ;
        default = parts.cluster-verify;
      });

      apps = eachSystem (parts: parts.apps // { default = parts.apps.cluster; });

      devShells = eachSystem (parts: {
        default = parts.shell;
        ci = parts.ci-shell;
      });

      checks = eachSystem (parts: parts.checks);

      formatter = eachSystem (parts: parts.nixfmt-tree);
    };
}
