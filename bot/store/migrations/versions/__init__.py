"""One file per change; file names start with the number of the revision."""
