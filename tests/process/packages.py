"""The package of the server as CPack makes it, but for its compression and the list of what it needs,
which take most of the time; packaging/package_test.sh has those. Any version number will do."""

import os
import shutil
import subprocess

from leaders import BUILD

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PACKAGING = os.path.join(ROOT, "packaging")
CONTROL = """Package: anabranch
Version: {version}
Architecture: amd64
Maintainer: the tests <anabranch@localhost>
Description: of a test
"""


def make_package(folder, version):
    """Makes the package in a folder, and returns its path."""
    staged = os.path.join(folder, f"staged-{version}")
    server = os.path.join(staged, "server")
    build = os.path.abspath(BUILD)
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "--install", build, "--component", "server", "--prefix", "/usr",
                    "--strip"], env={**os.environ, "DESTDIR": server}, **quiet)
    subprocess.run(["cmake", "-D", f"CPACK_TEMPORARY_DIRECTORY={staged}",
                    "-D", f"CPACK_ANABRANCH_PACKAGING={PACKAGING}",
                    "-D", f"CPACK_ANABRANCH_TEXTS={build}/packaging",
                    "-D", f"CPACK_RESOURCE_FILE_LICENSE={ROOT}/LICENSE",
                    "-P", os.path.join(PACKAGING, "stage.cmake")], **quiet)
    control = os.path.join(server, "DEBIAN")
    shutil.copytree(os.path.join(PACKAGING, "deb"), control)
    with open(os.path.join(control, "control"), "w") as file:
        file.write(CONTROL.format(version=version))
    made = os.path.join(folder, f"anabranch_{version}_amd64.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", server, made], **quiet)
    shutil.rmtree(staged)
    return made
