del softmax_d
