"""For authors: build what is generated, test the material, measure the grader."""
