"""From sources to records: archives, repositories, folders and parquet sets, and bytes to text."""
