"""``python -m sapa``: the same as the command ``sapa``."""

from sapa.cli import main

if __name__ == "__main__":
    main()
