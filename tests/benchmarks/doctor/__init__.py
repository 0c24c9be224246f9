"""Tests of the doctor's suite."""
