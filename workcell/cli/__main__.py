"""``python -m workcell.cli`` is ``workcell``."""

from workcell.cli.app import main

if __name__ == "__main__":
    main()
