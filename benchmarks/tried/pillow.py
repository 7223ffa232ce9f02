"""Pillow: what a course would use of it; each function is tried in the sandbox."""

import io

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter


def _picture(rng):
    return PIL.Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))


def resizing(rng):
    return np.asarray(_picture(rng).resize((8, 8))).astype(int)


def blurring(rng):
    return np.asarray(_picture(rng).filter(PIL.ImageFilter.GaussianBlur(2))).astype(int)


def drawing(rng):
    canvas = PIL.Image.new("L", (32, 32))
    PIL.ImageDraw.Draw(canvas).ellipse((2, 2, int(rng.integers(9, 30)), 20), fill=255)
    return np.asarray(canvas).astype(int).sum(0)


def writing(rng):
    canvas = PIL.Image.new("L", (64, 16))
    PIL.ImageDraw.Draw(canvas).text((0, 0), str(rng.integers(999)), fill=255)
    return np.asarray(canvas).astype(int).sum(0)


def formats(rng):
    sizes = []
    for name in ("PNG", "JPEG", "GIF", "WEBP"):
        target = io.BytesIO()
        _picture(rng).save(target, name)
        sizes.append(PIL.Image.open(target).size[0])
    return sizes
