"""Endorsements of crew members: what they may do and until when, our own and those that a partner keeps."""
