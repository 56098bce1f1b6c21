"""Certificates by openssl, and an address of this machine that others would use."""

import os
import socket
import subprocess

from leaders import check


def tool(*words, folder):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True,
                          timeout=60, check=False)
    check(done.returncode == 0, f"openssl {words}: {done.stderr}")


def name_of(host):
    return f"IP:{host}" if host.replace(".", "").isdigit() else f"DNS:{host}"


class Root:
    """A root of certificates, as files of a folder."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        tool("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
             f"{name}.crt", folder=folder)
        self.certificate = os.path.join(folder, f"{name}.crt")

    def sign(self, name, hosts, kind="ec"):
        """Returns the paths of a certificate and its key, of kind ec or rsa."""
        option = "ec_paramgen_curve:P-256" if kind == "ec" else "rsa_keygen_bits:2048"
        tool("req", "-newkey", kind, "-pkeyopt", option, "-nodes", "-subj",
             f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr", folder=self.folder)
        extra = os.path.join(self.folder, f"{name}.ext")
        with open(extra, "w") as file:
            file.write("subjectAltName=" + ",".join(name_of(host) for host in hosts) + "\n")
        tool("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.crt", "-CAkey",
             f"{self.name}.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
             "-out", f"{name}.crt", folder=self.folder)
        paths = [os.path.join(self.folder, name + end) for end in (".crt", ".key")]
        os.chmod(paths[1], 0o600)
        return paths


def own_address():
    """An address of this machine that is not a loopback one; None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing.
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address
