"""Who takes part: operators with subsidiaries and fleets, handlers with airports and catalogue, people and rights."""
