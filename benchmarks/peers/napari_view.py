"""napari as it comes, fed by pydicom: napari_view.py FOLDER. W steps the window, arrows the image."""

import sys
from itertools import count
from pathlib import Path

import napari
import numpy as np
import pydicom

datasets = [pydicom.dcmread(path) for path in Path(sys.argv[1]).iterdir()]
datasets.sort(key=lambda dataset: float(dataset.ImagePositionPatient[2]))
viewer, steps = napari.Viewer(title="napari beside us"), count(1)
viewer.window.resize(1600, 1000)
layer = viewer.add_image(np.stack([dataset.pixel_array for dataset in datasets]), contrast_limits=(0, 4095))
viewer.dims.set_current_step(0, 0)


@viewer.bind_key("w", overwrite=True)
def step_window(_: napari.Viewer) -> None:
    layer.contrast_limits = (10 * (next(steps) % 80), 4095)


napari.run()
