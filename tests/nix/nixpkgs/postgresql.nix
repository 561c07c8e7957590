# PostgreSQL and the extensions whose names were confirmed. The server knows an extension only
# when it was chosen, as the real one does.
{
  lib,
  derive,
  packageOf,
  machine,
}:
let
  commands = (import ./attributes.nix).postgresql_18;
  extensions.pgmq = packageOf "pgmq" [ ] // {
    control_path = machine.extension_control_path;
  };
in
packageOf "postgresql" commands
// {
  pkgs = extensions;
  withPackages =
    choose:
    let
      plain = packageOf "postgresql" commands;
      folders = map (extension: extension.control_path) (choose extensions);
    in
    # Looked at in full, else a misspelt name would never be noticed.
    builtins.deepSeq folders (
      derive "postgresql-and-plugins" { } ''
        mkdir "$out"
        cp -r ${plain}/bin "$out/bin"
        echo ${lib.concatStringsSep ":" folders} > "$out/extension_control_path"
      ''
    );
}
