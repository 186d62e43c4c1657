"""Where people ask Dragoman for something: the slash command."""
