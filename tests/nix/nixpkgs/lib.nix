# The functions of nixpkgs' library that the flake calls, with the same meaning.
let
  inherit (builtins)
    concatStringsSep
    elemAt
    filter
    functionArgs
    intersectAttrs
    isString
    replaceStrings
    split
    stringLength
    substring
    ;
in
rec {
  inherit (builtins) concatMap concatStringsSep;

  genAttrs =
    names: f:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${builtins.head path} then
      attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;

  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  findFirst =
    wanted: default: list:
    let
      found = filter wanted list;
    in
    if found == [ ] then default else elemAt found 0;
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    substring (stringLength text - stringLength suffix) (stringLength suffix) text == suffix;
  optional = condition: item: if condition then [ item ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  optionalString = condition: text: if condition then text else "";
  # A dot is the only separator asked for.
  splitString = separator: text: filter isString (split "[${separator}]" text);

  callPackageWith =
    scope: file: arguments:
    let
      function = if builtins.isFunction file then file else import file;
      missing = filter (name: !(function' ? ${name}) && !(scope ? ${name}) && !(arguments ? ${name})) (
        builtins.attrNames (functionArgs function)
      );
      # Arguments with a default may be missing.
      function' = builtins.listToAttrs (
        map (name: {
          inherit name;
          value = true;
        }) (filter (name: (functionArgs function).${name}) (builtins.attrNames (functionArgs function)))
      );
    in
    if missing != [ ] then
      throw "${toString file} asks for `${elemAt missing 0}`, which nixpkgs does not have"
    else
      function (intersectAttrs (functionArgs function) scope // arguments);
  makeScope =
    newScope: f:
    let
      self = f self // {
        callPackage = newScope self;
      };
    in
    self;

  getExe =
    package:
    "${package}/bin/${
      package.meta.mainProgram or (throw "lib.getExe: ${package.name} has no meta.mainProgram")
    }";
  licenses.mit = "MIT";

  fileset = {
    maybeMissing = path: { mayBeMissing = path; };
    unions = map (
      path:
      if builtins.isAttrs path then
        path.mayBeMissing
      else if builtins.pathExists path then
        path
      else
        throw "lib.fileset: ${toString path} does not exist"
    );
    toSource =
      { root, fileset }:
      let
        isIn = folder: path: path == folder || hasPrefix "${folder}/" path;
        wanted = map toString fileset;
      in
      builtins.path {
        path = root;
        name = "source";
        filter = path: _: builtins.any (want: isIn want path || isIn path want) wanted;
      };
  };
}
