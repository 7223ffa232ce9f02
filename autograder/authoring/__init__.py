"""For authors: build what is generated, prove the material, measure the grader."""
