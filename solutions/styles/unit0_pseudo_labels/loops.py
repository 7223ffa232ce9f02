"""Plain loops and lists filled one by one; a row at a time where it is short."""


class MixIterator:
    def __init__(self, children):
        self.children = children
        self.N = 0
        for child in children:
            self.N += child.N

    def __iter__(self):
        return self

    def __next__(self):
        x, y = next(self.children[0])
        for i in range(1, len(self.children)):
            more_x, more_y = next(self.children[i])
            x = torch.cat([x, more_x], dim=0)
            y = torch.cat([y, more_y], dim=0)
        return x, y

    def reset(self):
        for i in range(len(self.children)):
            self.children[i].reset()


def one_epoch(batches):
    batches.reset()
    left = batches.N
    for x, y in batches:
        yield x, y
        left -= x.shape[0]
        if left <= 0:
            break


def split_rows(order, held_out, labelled):
    parts = [[], [], []]
    for place, row in enumerate(order):
        if place < held_out:
            parts[0].append(row)
        elif place < held_out + labelled:
            parts[1].append(row)
        else:
            parts[2].append(row)
    return [torch.stack(part) for part in parts]


def pseudo_labels(model, x):
    was_training = model.training
    model.eval()
    labels = []
    for start in range(0, len(x), 8):
        logits = model(x[start : start + 8]).detach()
        for row in logits:
            labels.append(torch.softmax(row, dim=0))
    if was_training:
        model.train()
    return torch.stack(labels)


def soft_cross_entropy(logits, y):
    total = 0
    for scores, label in zip(logits, y):
        total = total - torch.dot(label, torch.log_softmax(scores, dim=0))
    return total / len(logits)


def train(model, batches, optimizer, steps):
    losses = []
    step = 0
    model.train(True)
    while step < steps:
        images, labels = next(batches)
        optimizer.zero_grad()
        loss = soft_cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
        step += 1
    return losses


def calibration_error(probabilities, classes, edges):
    surplus = [0.0] * len(edges)
    for row, true in zip(probabilities.tolist(), classes.tolist()):
        bin_above = 0
        for edge in edges.tolist():
            if max(row) > edge:
                bin_above += 1
        surplus[bin_above] += max(row) - float(row.index(max(row)) == true)
    return sum(abs(one) for one in surplus) / len(probabilities)


def corrected_and_lost(teacher, student, classes):
    wrong = right = corrected = lost = 0
    for first, second, true in zip(teacher.tolist(), student.tolist(), classes.tolist()):
        if first == true:
            right += 1
            lost += second != true
        else:
            wrong += 1
            corrected += second == true
    return corrected / wrong, lost / right
