"""IATA SSIM chapter 7: schedules as files of 200-column lines, which reservation systems write and read.

`records` are its lines as types, `reading` and `writing` turn text into them and back, `expanding` makes dated flights
in UTC. All of it is pure, and knows neither the fleet nor the operator's airports.

Own code, because no library fits: the readers there are have been given up (and their licence would be ours to take
over), or come with a data frame engine many times the size of Airstair; none of them writes. The manual itself is sold:
the columns are those on which public readers and a public sample file agree.
"""
