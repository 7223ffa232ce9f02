softmax_ԁ = softmax_d
del softmax_d
