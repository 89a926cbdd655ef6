"""The viewer: viewports on display sets. Everything without a widget is in model, tools, loader and cine."""
