"""python -m workstation"""

import sys

from workstation.app import main

if __name__ == "__main__":
    if sys.argv[1:2] == ["--decode-worker"]:  # a frozen application starts its helpers as itself
        from workstation.dicom.decode_worker import main as serve

        serve()
    elif sys.argv[1:2] == ["--build-kernels"]:
        from workstation.imaging.kernel_build import main as build_kernels

        build_kernels()
    else:
        main()
