"""TRAXXALL, maintenance tracking: flights and journey logs go out to it, and the hours and cycles they add up to."""
