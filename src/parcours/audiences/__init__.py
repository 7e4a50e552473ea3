"""Audiences: sets of people that journeys read, react to and ask about.

An audience's members are rows of `store.py`, whoever decided on them. Today an uploaded list does (`loading.py`); an
audience that the server evaluates by itself will write through the same two functions, `realize` and `leave`, so that
journeys see no difference. Source: journeys §4.6, §8.5, platform-apis §7.7 and §7.8.
"""
