"""Other viewers, worked beside our window with the same images on screens of the same size."""
