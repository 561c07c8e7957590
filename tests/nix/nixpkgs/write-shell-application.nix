# `writeShellApplication`: a script that shellcheck accepts, with its tools first on PATH.
{
  lib,
  derive,
  machine,
}:
{
  name,
  text,
  runtimeInputs ? [ ],
  meta ? { },
}:
derive name
  {
    script = ''
      #!${machine.bash}
      set -o errexit
      set -o nounset
      set -o pipefail

      export PATH="${lib.concatMapStringsSep ":" (input: "${input}/bin") runtimeInputs}:$PATH"

      ${text}
    '';
    passAsFile = [ "script" ];
  }
  ''
    mkdir -p "$out/bin"
    cp "$scriptPath" "$out/bin/${name}"
    chmod 755 "$out/bin/${name}"
    ${machine.launchers}/shellcheck "$out/bin/${name}"
  ''
// {
  meta = meta // {
    mainProgram = name;
  };
}
