"""Pictures of two classes without a download."""

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images


def cut_pictures(folder, count, side=80):
    """Pictures cut at random places from the two photographs of scikit-learn, a class each."""
    random = np.random.default_rng(0)
    for name, photograph in zip(("china", "flower"), load_sample_images().images, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(count // 2):
            top, left = (int(random.integers(0, extent - side)) for extent in photograph.shape[:2])
            piece = photograph[top : top + side, left : left + side]
            Image.fromarray(piece).save(folder / name / f"{number:03}.png")
