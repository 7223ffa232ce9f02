"""Explaining: why an answer lost points, when judging is done. Nothing here changes a point."""
