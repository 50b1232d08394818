"""The charter marketplaces that take one common feed: schedule, availability, empty legs go out, a set an aircraft."""
