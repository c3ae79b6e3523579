"""``python -m orderworks``: the command line where its script is not on the path."""

from orderworks.cli import main

if __name__ == "__main__":
    main()
