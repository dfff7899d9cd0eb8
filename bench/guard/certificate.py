"""An authority, and a chain and key for 127.0.0.1 and its neighbours, of P-256 as `anchor-events serve` has them."""

import subprocess
from pathlib import Path

ADDRESSES = [f"127.0.0.{number}" for number in range(1, 21)]


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    ca, ca_key, chain, key = (folder / name for name in ("ca.pem", "ca.key", "chain.pem", "key.pem"))
    openssl = ["openssl", "req", "-x509", *new_key]
    subject = ["-subj", "/CN=bench authority", "-keyout", ca_key, "-out", ca]
    constraints = ["-addext", "keyUsage=critical,keyCertSign"]
    leaf = ["-CA", ca, "-CAkey", ca_key, "-subj", "/CN=bench", "-keyout", key, "-out", chain]
    addresses = ",".join(f"IP:{address}" for address in ADDRESSES)
    names = ["-addext", f"subjectAltName={addresses}", "-addext", "basicConstraints=critical,CA:FALSE"]
    for command in ([*openssl, *subject, *constraints], [*openssl, *leaf, *names]):
        subprocess.run(list(map(str, command)), check=True, stderr=subprocess.DEVNULL)
    return ca, chain, key
