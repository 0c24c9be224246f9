"""Parquet files of images: their columns and row groups, and streaming from them in bounded memory."""
