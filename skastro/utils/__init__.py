"""Helpers that know nothing about estimators."""
