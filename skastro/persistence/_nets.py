"""Codecs of networks."""

NETS = ()
