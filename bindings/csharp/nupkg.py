"""Makes the .nupkg, which is a zip: nupkg.py FOLDER FILE.NUPKG.

The nuget of Debian cannot: it is older than licences and readmes in packages.
"""

import sys
import zipfile
from pathlib import Path

TYPES = {"rels": "application/vnd.openxmlformats-package.relationships+xml"}
CONTENT_TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
{}
</Types>
"""
RELATIONSHIPS = """<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
    <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/{}" Id="manifest" />
</Relationships>
"""
# The earliest that a zip can have, so that the same files give the same package.
TIME = (1980, 1, 1, 0, 0, 0)


def main(folder: Path, package: Path) -> None:
    """Puts every file of the folder into the package, with what tells readers of zips in this format what is in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    (manifest,) = (file.name for file in files if file.suffix == ".nuspec")
    contents = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
    contents["_rels/.rels"] = RELATIONSHIPS.format(manifest).encode()
    extensions = sorted({name.rpartition(".")[2] for name in contents if "." in name.rpartition("/")[2]})
    parts = [f'    <Default Extension="{it}" ContentType="{TYPES.get(it, "application/octet")}" />' for it in extensions] + [
        f'    <Override PartName="/{name}" ContentType="application/octet" />' for name in contents if "." not in name
    ]
    contents["[Content_Types].xml"] = CONTENT_TYPES.format("\n".join(parts)).encode()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in contents.items():
            zipped.writestr(zipfile.ZipInfo(name, TIME), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
