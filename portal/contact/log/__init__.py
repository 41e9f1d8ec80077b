"""The dialler's log: attempts by file, judged as of the time of each."""
