"""Helpers without knowledge of estimators."""
