"""Parquet files of pictures: their columns, all their pictures, and their row groups for streaming."""
