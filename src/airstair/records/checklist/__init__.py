"""What has to be arranged for a flight at either end: items and how they stand, handlers, what applications answer."""
