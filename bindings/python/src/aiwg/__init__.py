"""Clients for aiwg. The daemon's are in :mod:`aiwg.daemon`."""
