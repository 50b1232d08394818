"""The flights that operators submitted from their schedule system, as they stand in Connect."""
