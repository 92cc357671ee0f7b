"""What every kind's docstring says of shared parameters and attributes, and their sources."""

PARAMETERS = """\
n_components : int, float or None
        Number of codes. A float in (0, 1) takes the smallest number of principal components that
        hold this share of the variance. None takes ``min(n_samples, n_features)`` codes, which hold
        all of it, as in `PCA`. May be larger than the number of columns.

    hidden_layer_sizes : int or array-like of int
        Widths of the encoder's hidden layers; the decoder mirrors them. ``()`` is an autoencoder
        of one layer.

    activation : {'identity', 'relu', 'leaky_relu', 'elu', 'selu', 'gelu', 'softplus', 'tanh', \
'logistic'}
        Activation of the hidden layers. 'leaky_relu' has the slope 0.2 below zero, 'gelu' is
        computed by its tanh approximation.

    code_activation : str
        Activation of the code layer, one of those above. Codes of an identity layer are in
        the units of X, as PCA's are.

    output_activation : str
        Activation of the reconstruction, one of those above, applied in the units of X.

    loss : {'squared_error', 'absolute_error', 'huber', 'binary_crossentropy'}
        What is averaged over all entries of X. The first three compare values after they were
        centred and divided by `scale_`, so that the squared error is the share of the variance
        left unexplained and the Huber loss turns linear at one typical standard deviation.
        'binary_crossentropy' needs values in [0, 1], implies a logistic output and is computed
        from logits, in nats.

    init : {'pca', 'he', 'glorot', 'lecun'}
        Where training starts. 'pca' adds to the encoder and to the decoder a linear path
        beside their layers, which starts as the principal axes, with the layers' last kernels at
        zero: the start is PCA, and training learns what improves on it [1]_. (Without hidden
        layers the only layer itself starts as the principal axes.) Where PCA cannot hold
        exactly, it starts close: codes with another activation than identity see principal
        components of unit variance and the decoder's path is the least-squares way back from
        them (with `tied_weights`, codes see the principal components as they are, and the way back
        is their transpose); an output activation is applied to PCA's reconstruction `r`,
        'logistic' to ``4 * (r - 1/2)``.
        'he' [2]_ and 'lecun' draw normal kernels of variance 2 / fan_in and 1 / fan_in, 'glorot'
        uniform ones of variance 2 / (fan_in + fan_out), without a linear path.

    tied_weights : bool
        Whether the decoder's kernels are the encoder's, transposed. Biases are never tied.

    whiten : bool
        Whether codes are made uncorrelated with unit variance on the training rows, by a linear
        map that `inverse_transform` undoes.

    alpha : float
        Strength of the L2 term: ``alpha / 2`` times the sum of squared kernel entries, a tied
        kernel counted once, the linear paths too and biases never, divided by the number of rows
        trained on (as in `MLPRegressor`), is added to the loss. With solver='adamw' it is
        the decoupled weight decay instead [3]_.

    solver : {'adam', 'adamw', 'sgd', 'rmsprop'}
        How gradients become steps.

    momentum : float
        Momentum of solver='sgd', in [0, 1).

    nesterovs_momentum : bool
        Whether solver='sgd' uses Nesterov's momentum.

    batch_size : int or 'auto'
        Rows in a step; 'auto' is 64. The last batch of an epoch may hold fewer.

    learning_rate : {'constant', 'adaptive', 'exponential', 'cosine'}
        'adaptive' divides the rate by 5 whenever the monitored loss has stalled for
        `n_iter_no_change` epochs, and stops when it would fall below a hundredth of
        `learning_rate_init`. 'exponential' falls to a hundredth over `max_iter` epochs,
        'cosine' to zero.

    learning_rate_init : float
        Initial learning rate.

    max_iter : int or 'auto'
        Largest number of epochs. 'auto' is 200, and on fewer than some 2,600 rows, where an epoch
        has few steps, as many epochs as have 8,000 steps.

    shuffle : bool
        Whether to shuffle the rows in each epoch.

    tol : float
        The monitored loss has stalled when it has not fallen by more than `tol` for
        `n_iter_no_change` epochs.

    early_stopping : bool
        Whether to set rows aside and to monitor the loss on them. Otherwise, and for fewer than
        8 rows, the training loss is monitored. Either way the best weights seen are
        the ones kept. Those of init='pca' count among them, and are left only for weights
        whose loss on the rows set aside is lower by more than its standard error (by the upper
        95 % bound of that, 1.3 times as much for 30 rows), and not in a few rows only (by the
        signed-rank test at 5 %). Fewer than 15 rows, a quarter of 60, are no proof: PCA stays. So
        that these rows can tell, training sets out from principal axes of the others; a start
        that is kept is PCA of all.

    validation_fraction : float
        Share of the rows set aside for early stopping. At least 30 rows are, or a quarter where
        that is less, and of a dask collection at most 128 MB.

    n_iter_no_change : int, np.inf or 'auto'
        Epochs without improvement after which training stops or the rate is cut. 'auto' is 10, and
        on fewer than some 2,600 rows as many epochs as have 400 steps.

    warm_start : bool
        Whether `fit` goes on from the weights of the last call, with its centre, scale and number
        of codes.

    random_state : int, RandomState instance or None
        Seeds weights, the rows set aside, shuffling and noise. The same int gives the same weights,
        bit for bit, on one machine. None draws fresh entropy; no global state is read or set.

    verbose : bool or int
        Whether to print a line an epoch, and to say so when compiling takes long.

    checkpoint : path-like or None
        A directory in which `fit` writes after each epoch how far it has come. Where a fit was cut
        short, the next one with the same parameters and the same X goes on from its last epoch and
        ends with the same weights, bit for bit, as if nothing had happened; callbacks see the
        epochs that are left. The files of a fit that is done are removed. Fits with other
        parameters, such as those of a search, may share the directory, and so may equal ones, at
        the same time too. Equal fits with random_state=None that run at once may return the same
        weights."""

ATTRIBUTES = """\
network_ : Network
        Frozen description of the network: widths and activations.

    weights_ : tuple of ndarray
        Every trained array, in the order of ``network_.shapes``. The attributes
        `encoder_coefs_` to `decoder_skip_` are views of these.

    encoder_coefs_, decoder_coefs_ : tuple of ndarray
        Kernels of the layers; those of dense layers have the shape (fan_in, fan_out).

    encoder_intercepts_, decoder_intercepts_ : tuple of ndarray
        Biases of the layers, each of shape (fan_out,).

    encoder_skip_ : ndarray of shape (n_features, n_components) or None
        Linear path of the encoder. The kernels act on ``(X - mean_) / scale_``.

    decoder_skip_ : ndarray of shape (n_components, n_features) or None
        Linear path of the decoder.

    n_components_ : int
        Number of codes.

    mean_ : ndarray of shape (n_features,)
        Mean of each column.

    scale_ : float
        Root of the mean variance of the columns. Data that vary by less than 1e-38, or than
        some ten times the rounding of their mean, count as constant and have the scale 1, or that
        rounding where it is more.

    whitening_ : Whitening or None
        Mean of the codes, the map that whitens them and its inverse.

    n_iter_ : int
        Number of epochs run.

    best_iter_ : int
        Epoch of the last call whose weights were kept; 0 is its start.

    loss_ : float
        Training loss of the last epoch.

    loss_curve_ : list of float
        Training loss of each epoch, penalties included. Grows from call to call of a warm start.

    validation_loss_curve_ : list of float
        Loss after each epoch on the rows set aside, the penalties of a kind included and the L2
        term left out; empty where the training loss was monitored. Centre and scale are taken from
        all rows, these included, and the best of many epochs is kept: the loss compares epochs, and
        is a little optimistic for rows never seen.

    best_validation_loss_ : float or None
        That of the weights kept, None where the training loss was monitored.

    reconstruction_err_ : float
        Mean squared error of the reconstruction in the units of X, over all its entries, or
        over those of some 10,000 evenly spaced rows where it has more.

    n_samples_seen_ : int
        Number of rows given to `fit`, or to all calls of `partial_fit`.

    n_features_in_ : int
        Number of columns seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had string names."""

REFERENCES = """\
.. [1] Al-Digeil et al., "PCA-Boosted Autoencoders for Nonlinear Dimensionality Reduction in Low
       Data Regimes", 2022.
    .. [2] He et al., "Delving Deep into Rectifiers", ICCV 2015.
    .. [3] Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019."""
