"""What all add-ons share: connections, flows, deliveries, ledger, limits, call log, health."""
