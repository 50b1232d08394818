"""What tests of add-ons stand on: a stage with a clock, and the contract that every add-on's tests inherit.

A room of its own, so that a folder of an add-on can be tested wherever it lies, and so that nothing that runs for an
operator imports it: it needs pytest, which an installation does not have.
"""
