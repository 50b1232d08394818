"""The schedule of record, one small app for each part of it."""
