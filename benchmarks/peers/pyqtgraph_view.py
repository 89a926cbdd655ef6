"""pyqtgraph's ImageView as it comes, fed by pydicom: pyqtgraph_view.py FOLDER. W steps the window, arrows the image."""

import sys
from itertools import count
from pathlib import Path

import numpy as np
import pydicom
import pyqtgraph
from PySide6.QtGui import QShortcut

pyqtgraph.setConfigOptions(imageAxisOrder="row-major")
application = pyqtgraph.mkQApp()
datasets = [pydicom.dcmread(path) for path in Path(sys.argv[1]).iterdir()]
datasets.sort(key=lambda dataset: float(dataset.ImagePositionPatient[2]))
view, steps = pyqtgraph.ImageView(), count(1)
view.setWindowTitle("pyqtgraph ImageView")
view.setImage(np.stack([dataset.pixel_array for dataset in datasets]), autoLevels=False, levels=(0, 4095))
view.resize(1600, 1000)
QShortcut("W", view).activated.connect(lambda: view.setLevels(10 * (next(steps) % 80), 4095))
view.show()
pyqtgraph.exec()
