"""The only room that imports TensorFlow; nothing outside `fit` enters it."""
