"""Installs the pinned tools for a machine that has no Nix."""
