"""Review of a graded class: similar answers, and questions about students' own code."""
