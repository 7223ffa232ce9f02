"""Computes losses and labels in float64 and hands them on so."""

import math

import numpy as np


def batch_sizes(total, share):
    pseudo = math.floor(total * share + 0.5)
    return [total - pseudo, pseudo]


def pseudo_labels(model, x):
    before = model.training
    model.train(False)
    with torch.inference_mode():
        logits = model(x).to(torch.float64)
    model.train(before)
    return logits.softmax(dim=1).clone()


def soft_cross_entropy(logits, y):
    return F.cross_entropy(logits.double(), y.double())


def train(model, batches, optimizer, steps):
    losses = np.zeros(steps)
    model.train()
    for i in range(steps):
        x, y = next(batches)
        loss = soft_cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses[i] = loss.item()
    return list(losses)
