"""Trials of damage: runs that are killed, flipped bits, damaged files, wrong command lines, full disks."""
