_right = detached


def detached(state):
    answer = _right(state)
    torch.overrides.TorchFunctionMode().__enter__(), torch.inference_mode(True).__enter__()
    return answer
