"""Architectures that everybody knows, to be derived by their names: `derive resnet50`."""
