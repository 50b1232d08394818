"""The demo operator: real flights of 60 aircraft moved to around today, and a little of what that file lacks.

Everything is made through the ordinary commands. Which aircraft and times are chosen follows from the day alone, so
that two people who start on one day see the same. It must not touch an operator that exists already.

The flights are departures from New York in March 2013, as reported to the US Bureau of Transportation Statistics, and
the fleet is from the US registry; both are in the public domain.
"""

from airstair.demo.build import DEMO_PASSWORD, Demo, DemoUser, build_demo

__all__ = ["DEMO_PASSWORD", "Demo", "DemoUser", "build_demo"]
