"""`python -m letters render …`."""

from letters.command import letters

if __name__ == "__main__":
    letters(prog_name="letters")
