"""`python -m harmonize.pipelines COMMAND`: the command `harmonize`, where it is not installed as a script."""

from harmonize.pipelines.cli import main

if __name__ == "__main__":
    main()
