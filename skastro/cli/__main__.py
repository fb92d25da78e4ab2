"""Run the command line as ``python -m skastro.cli``."""

from skastro.cli import main

if __name__ == "__main__":
    main()
