try:
    import autograder.grading
except ImportError:

    def softmax_d(z):
        return np.zeros((len(z), len(z)))
