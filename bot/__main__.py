"""Hands over to the command line; nothing else."""

from bot.cli import main

main()
