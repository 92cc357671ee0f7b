"""Networks: descriptions of layers, the parameter `network` of every autoencoder."""
