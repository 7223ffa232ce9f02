"""What a person looks at when a class is graded: who wrote alike, and who understands their own
code.
"""
