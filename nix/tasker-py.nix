# The engine's Python binding. Its authors publish wheels and no source archive.
{
  lib,
  stdenv,
  python313,
  fetchPypi,
  autoPatchelfHook,
}:
let
  version = "0.1.8";

  # The systems that a wheel is published for; the worker in Python runs on no other.
  wheels = {
    x86_64-linux = {
      platform = "manylinux_2_34_x86_64";
      hash = "sha256-e0LxAZpUq9heSdBwFsiPQKf6mPhVThs5vn0TcM9hCrw=";
    };
    aarch64-darwin = {
      platform = "macosx_11_0_arm64";
      hash = "sha256-rzsEDctYGsNbZPFCRRLB+pb/bFP/VDYZZ0Q6uBHEiQo=";
    };
  };
  system = stdenv.hostPlatform.system;
in
if !wheels ? ${system} then
  null
else
  python313.pkgs.buildPythonPackage {
    pname = "tasker-py";
    inherit version;
    format = "wheel";

    src = fetchPypi {
      pname = "tasker_py";
      inherit version;
      inherit (wheels.${system}) platform hash;
      format = "wheel";
      dist = "cp310";
      python = "cp310";
      abi = "abi3";
    };

    # The library inside is linked to the libgcc_s of an ordinary distribution.
    nativeBuildInputs = lib.optionals stdenv.hostPlatform.isLinux [ autoPatchelfHook ];
    buildInputs = lib.optionals stdenv.hostPlatform.isLinux [ stdenv.cc.cc.lib ];

    dependencies = with python313.pkgs; [
      httpx
      pydantic
      pydantic-settings
      pyee
      pyyaml
    ];

    pythonImportsCheck = [ "tasker_core" ];

    meta = {
      description = "Python worker for the Tasker workflow engine";
      license = lib.licenses.mit;
      platforms = builtins.attrNames wheels;
    };
  }
