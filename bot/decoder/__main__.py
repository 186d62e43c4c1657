"""Run the child: see `child.py`."""

from bot.decoder.child import main

if __name__ == "__main__":  # pragma: no cover -- lasts; seen on real children
    main()
