"""`guardedmodel-sidecar`: read the settings, guard until told to stop."""

import sys

from guardedmodel_sidecar.errors import SettingsError
from guardedmodel_sidecar.lifecycle import run
from guardedmodel_sidecar.settings import read_settings


def main() -> int:
    """Exit status 0 after an orderly stop, 1 if a port is taken, 2 for wrong settings."""
    try:
        settings = read_settings(sys.argv[1:])
    except SettingsError as error:
        sys.stderr.write(f"guardedmodel-sidecar: {error}\n")
        return 2
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
