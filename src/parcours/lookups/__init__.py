"""Lookups: data sets whose rows journeys read by key, kept where the worker can reach them. Source: journeys §8.15."""
