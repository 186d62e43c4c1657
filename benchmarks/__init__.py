"""What Dragoman costs: time, memory, processor and bytes, measured on the real bot in the sandbox."""
