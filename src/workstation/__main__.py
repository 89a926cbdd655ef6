"""python -m workstation"""

import sys

from workstation.app import main

if __name__ == "__main__":
    if sys.argv[1:2] == ["--decode-worker"]:  # a frozen application starts its decode workers as itself
        from workstation.dicom.decode_worker import main as serve

        serve()
    else:
        main()
