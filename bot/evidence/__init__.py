"""What speaks against a text: `judge.py` weighs it. Nothing said, the prompt that came back, loops.

`spoken.py` is how texts are compared: as the words that are said, in any script.
"""
