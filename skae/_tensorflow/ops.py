"""The operations of losses, penalties and layers on tensors, by the names of NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from skae._tensorflow.quiet import tf

Tensor = Any


def _derivative(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the gradient of the sum of ``function(x)``: the slopes of an elementwise function."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = function(x)
    return tape.gradient(values, x)


OPS = SimpleNamespace(
    abs=tf.abs,
    clip=tf.clip_by_value,
    concatenate=lambda arrays, axis=0: tf.concat(arrays, axis),
    cos=tf.cos,
    derivative=_derivative,
    einsum=tf.einsum,
    exp=tf.exp,
    expm1=tf.math.expm1,
    isnan=tf.math.is_nan,
    log=tf.math.log,
    log1p=tf.math.log1p,
    max=tf.reduce_max,
    maximum=tf.maximum,
    mean=tf.reduce_mean,
    min=tf.reduce_min,
    minimum=tf.minimum,
    reshape=tf.reshape,
    sign=tf.sign,
    sin=tf.sin,
    sqrt=tf.sqrt,
    square=tf.square,
    stack=tf.stack,
    sum=tf.reduce_sum,
    tanh=tf.tanh,
    tensordot=tf.tensordot,
    transpose=tf.transpose,
    where=tf.where,
)
