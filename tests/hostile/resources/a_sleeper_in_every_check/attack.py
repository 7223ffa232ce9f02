import time


def sleep(*arguments, **options):
    time.sleep(100_000)


sigmoid = sleep
sigmoid_d = sleep
relu = sleep
relu_d = sleep
softmax = sleep
softmax_d = sleep
x_entropy = sleep
x_entropy_d = sleep
cross_entropy = sleep
forward = sleep
backward = sleep
numerical_gradient = sleep
clip = sleep
sgd = sleep
train = sleep
starting_weights = sleep
windows = sleep
sample = sleep
gradient_100_steps_back = sleep
error_along = sleep
my_name = sleep
mistaken_line = sleep
