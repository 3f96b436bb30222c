"""`python -m gantools`."""

from gantools.cli.app import main

if __name__ == "__main__":
    main()
