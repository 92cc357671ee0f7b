"""The fitted weights by layer, as views of the one tuple that holds them."""

import numpy as np


def _view(half: int, part: str, doc: str) -> property:
    def read(self):
        return getattr(self.network_.split(self.weights_, np.transpose)[half], part)

    return property(read, doc=doc)


class WeightViews:
    """Read-only attributes of an estimator with `network_` and `weights_`."""

    encoder_coefs_ = _view(0, "kernels", "Kernels of the encoder's layers.")
    encoder_intercepts_ = _view(0, "biases", "Biases of the encoder's layers.")
    encoder_skip_ = _view(0, "skip", "Linear path of the encoder, or None.")
    decoder_coefs_ = _view(1, "kernels", "Kernels of the decoder's layers.")
    decoder_intercepts_ = _view(1, "biases", "Biases of the decoder's layers.")
    decoder_skip_ = _view(1, "skip", "Linear path of the decoder, or None.")
