"""The keys of a mesh: a file of secrets for each region, and one list of public keys."""

import os
import subprocess


class Keyring:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.list = os.path.join(folder, "known.keys")
        self.secrets = {}
        self.lines = {}

    def new(self, region, folder="."):
        """Makes keys; returns the file of the secret ones and the line of the public ones."""
        path = os.path.join(self.folder, folder)
        os.makedirs(path, exist_ok=True)
        made = subprocess.run([self.program, "keys", "new", region, "--out", path],
                              capture_output=True, text=True, timeout=20)
        if made.returncode != 0:
            raise AssertionError(f"keys new: {made.stderr}")
        return os.path.join(path, region + ".keys"), made.stdout.strip()

    def add(self, *regions):
        """Makes keys of regions that the list knows."""
        for region in regions:
            self.secrets[region], self.lines[region] = self.new(region)
        self.know(*self.lines.values())

    def know(self, *lines):
        """Writes the list anew."""
        with open(self.list, "w") as file:
            file.write("\ufeff# all regions\n" + "\n".join(lines) + "\n")

    def flags(self, region):
        return ["--keys-file", self.secrets[region], "--peers-keys-file", self.list]
