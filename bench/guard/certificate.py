"""An authority, and a chain and key for an address, of P-256 as `anchor-events serve` has them. A client may keep the chain
while it is connected, so its size counts."""

import subprocess
from pathlib import Path


def certificate(folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path, Path]:
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    ca, ca_key, chain, key = (folder / name for name in ("ca.pem", "ca.key", "chain.pem", "key.pem"))
    openssl = ["openssl", "req", "-x509", *new_key]
    subject = ["-subj", "/CN=bench authority", "-keyout", ca_key, "-out", ca]
    constraints = ["-addext", "keyUsage=critical,keyCertSign"]
    leaf = ["-CA", ca, "-CAkey", ca_key, "-subj", "/CN=bench", "-keyout", key, "-out", chain]
    names = ["-addext", f"subjectAltName=IP:{address}", "-addext", "basicConstraints=critical,CA:FALSE"]
    for command in ([*openssl, *subject, *constraints], [*openssl, *leaf, *names]):
        subprocess.run(list(map(str, command)), check=True, stderr=subprocess.DEVNULL)
    return ca, chain, key
