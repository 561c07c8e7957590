# What stands in for `nixpkgs.legacyPackages.<system>`. The runner writes `machine.json`: the
# folders of this machine's commands, of the project's own binaries, and of PGMQ's files.
{ lib, system }:
let
  machine = builtins.fromJSON (builtins.readFile ./machine.json);

  # A derivation that knows no compiler: a script for the machine's own bash.
  derive =
    name: environment: script:
    derivation (
      environment
      // {
        inherit name system;
        builder = machine.bash;
        args = [
          "-euo"
          "pipefail"
          "-c"
          # Nix kills a build whose output has ended; bash would hand over to the last command,
          # and some close their output a moment before they exit.
          "${script}\nexit 0"
        ];
        PATH = lib.concatStringsSep ":" (
          map (tool: "${tool}/bin") (environment.nativeBuildInputs or [ ]) ++ [ machine.path ]
        );
      }
    );

  # A package of this machine: each command hands over to the machine's own.
  packageOf =
    name: commands:
    derive name { } ''
      mkdir -p "$out/bin"
      for command in ${lib.concatStringsSep " " commands}; do
        ln -s ${machine.launchers}/"$command" "$out/bin/$command"
      done
    '';

  # `nix develop` sources this file to learn the shell's variables.
  stdenv-setup = derive "stdenv" { } ''
    mkdir "$out"
    cat > "$out/setup" <<'SETUP'
    for tool in $nativeBuildInputs; do
      PATH=$tool/bin:$PATH
    done
    export PATH
    SETUP
  '';

  python = import ./python.nix { inherit lib derive packageOf; };

  attributes =
    builtins.mapAttrs packageOf (import ./attributes.nix)
    // {
      postgresql_18 = import ./postgresql.nix {
        inherit
          lib
          derive
          packageOf
          machine
          ;
      };
      python313 = python.interpreter;
    }
    // {
      inherit lib system;
      pkgs = attributes;
      newScope = extra: lib.callPackageWith (attributes // extra);

      stdenv = {
        hostPlatform = {
          inherit system;
          isLinux = lib.hasSuffix "-linux" system;
        };
        cc = packageOf "cc" [ "cc" ] // {
          cc.lib = packageOf "libgcc" [ ];
        };
      };
      bashInteractive = packageOf "bash" [ "bash" ];
      autoPatchelfHook = packageOf "auto-patchelf-hook" [ ];

      inherit (python) fetchPypi;
      mkShell = import ./mk-shell.nix {
        inherit derive;
        setup = stdenv-setup;
      };
      runCommand = derive;
      rustPlatform.buildRustPackage = import ./build-rust-package.nix { inherit lib derive machine; };
      writeShellApplication = import ./write-shell-application.nix { inherit lib derive machine; };
    };
in
attributes
