"""Numbers: from stored values to a screen image, geometry and stacks. numpy only."""
