"""Fitted autoencoders in other formats: ONNX graphs, skl2onnx, models trained in Keras."""
