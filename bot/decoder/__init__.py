"""The child that decodes one file: `prepare.py` gives it a job and reads its reports.

Run as `python -I -m bot.decoder`, once; `forks.py` makes a fork of that for every file. It works beside
hostile files, so it imports nothing but the standard library, PyAV and itself, and nobody imports it into
the bot's own process; only `forks.py`, and `fence.py`, which is asked there what the kernel can do, need
no PyAV. The way of a recording:

    sound → silence → cuts → piece_file

`fence.py` keeps the child from opening other files, `child.py` takes the job and gives the reports.
"""
