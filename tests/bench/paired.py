"""Slices of runs that took turns: of each pair the ratio, so that what else the machine does counts for both."""
import math
import statistics


def ratio(mine, base):
    """The geometric mean of the pairs' ratios, and the factor by which its standard error moves it."""
    logs = [math.log(one / other) for one, other in zip(mine, base)]
    error = statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else 0.0
    return math.exp(statistics.mean(logs)), math.exp(error)


def bounds(mean, error):
    """Where the ratio lies with a confidence of 95 %."""
    return mean / error**1.96, mean * error**1.96
