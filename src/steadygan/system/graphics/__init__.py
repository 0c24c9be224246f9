"""Pictures in a terminal: one module for each protocol, and the choice of one that the terminal understands.

An encoder maps an array of pixels and whole numbers to control sequences; no text enters them, so that nothing from
data or files reaches a terminal unescaped.
"""
