"""Explaining: why an answer lost points, after judging. No code here changes a point."""
