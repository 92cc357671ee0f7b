"""Docstring texts of the shared parameters and attributes, with their references."""

PARAMETERS = """\
n_components : int, float, 'auto' or None
        Number of latent codes (the size of the bottleneck). A float in (0, 1) takes the smallest
        number of principal components that explain this share of the variance. With
        ``ordered=True`` `fit` begins with these, and keeps the smallest number of codes that
        explain it. 'auto', with ``ordered=True``, begins with the principal components that explain
        99 % of the variance, and keeps the smallest number of codes whose error on the validation
        set is within one standard error of the smallest one; with fewer than 15 validation samples
        it keeps all. `partial_fit` keeps all that it begins with. None takes
        ``min(n_samples, n_features)`` codes, which explain all of it, as in `PCA`. May be larger
        than the number of features.

    hidden_layer_sizes : int, array-like of int or 'auto'
        Widths of the encoder's hidden layers; the decoder mirrors them. ``()`` means no hidden
        layers. 'auto' means ``(128, 64)``, and ``(64, 64, 64)`` where columns are scaled one by one
        (`column_scaling`) and are at least three times as many as the codes.

    network : DenseNetwork, ConvolutionalNetwork, RecurrentNetwork or None
        The layers, see `skae.networks`. None means dense layers of `hidden_layer_sizes`, which is
        not used otherwise.

    activation : {'identity', 'relu', 'leaky_relu', 'elu', 'selu', 'gelu', 'softplus', 'tanh', \
'logistic'}
        Activation of the hidden layers. 'leaky_relu' has the slope 0.2 below zero, 'gelu' is
        computed by its tanh approximation.

    code_activation : str
        Activation of the code layer, one of those above. With 'identity' the codes are in the
        units of X, like those of PCA.

    output_activation : str
        Activation of the reconstruction, one of those above, applied in the units of X.

    loss : {'squared_error', 'absolute_error', 'huber', 'binary_crossentropy'}
        Reconstruction loss, averaged over all entries of X. The first three compare values that
        are centered and divided by `scale_` (see `standardize`). The squared error is thus the
        share of the variance left unexplained, and the Huber loss becomes linear at one typical
        standard deviation.
        'binary_crossentropy' needs values in [0, 1], implies a logistic output and is computed
        from logits, in nats.

    standardize : bool
        Whether the network sees X centered by `mean_` and divided by `scale_`, and losses,
        penalties and `tol` are relative to these units. With False it sees X as it is, as in Keras:
        losses, penalties and learning rates of other programs can then be taken over unchanged,
        and ``alpha=2 * w * n_samples`` is an L2 regularizer of strength `w` on each kernel. With
        init='pca' the biases center X.

    missing_values : int, float, np.nan, None or pandas.NA
        The value that stands for a missing one in X. The last three all mean NaN and None, and the
        nulls of data frames. Missing values have no loss, and the encoder sees their expectations
        given the others of the sample, by `factor_model_`; training hides further values, half as
        many as are missing. Features without any value are reconstructed as 0. Images and sequences
        have none, except for the steps after the end of a sequence.

    column_scaling : bool or 'auto'
        Whether each feature is divided by its own standard deviation, as by `StandardScaler`,
        instead of all by `scale_`. `scale_` is then an array, codes have no units, and errors and
        scores count each feature the same. 'auto' does so where X has categories beside numbers,
        which have other units. Where most samples are distinct, equal ones are then either all
        trained on or all held out for validation.

    categorical_features : 'from_dtype', array-like of bool, int or str, or None
        Which features are categories. 'from_dtype' takes the columns of a data frame that hold
        categories, text or booleans; a mask, indices or names choose features of any X, as in
        :class:`~sklearn.ensemble.HistGradientBoostingClassifier`; None chooses none. Each category
        becomes an indicator at the input and a probability at the output, at most 255 of them for
        a feature. Their loss is the cross-entropy, multiplied such that the loss under a constant
        prediction is the variance of the indicators: the probability that two samples differ. (In
        a variational autoencoder it is not multiplied.) A category that `fit` did not see is a
        missing value. For dense layers only.

    init : {'pca', 'he', 'glorot', 'lecun'} or callable
        Initialization of the weights. 'pca' adds a linear path to the encoder and to the decoder,
        parallel to their layers. The linear paths start as the principal axes, and the last
        kernels of the layers start at zero. The untrained network is therefore PCA, and training
        learns what improves on it [1]_. (Without hidden layers the single layer itself starts as
        the principal axes.) Where the network cannot equal PCA exactly, it starts close to it.
        With a code activation other than identity, the layer receives principal components of
        unit variance, and the decoder's linear path is the least-squares map back from the codes.
        (With `tied_weights` the principal components are not rescaled, and the map back is the
        transpose.) An output activation is applied to PCA's reconstruction `r`; 'logistic' is
        applied to ``4 * (r - 1/2)``. With standardize=False this is so before training only.
        'he' [2]_ and 'lecun' draw kernels from normal distributions of variance 2 / fan_in and
        1 / fan_in, 'glorot' from a uniform distribution of variance 2 / (fan_in + fan_out). These
        three have no linear path, and neither has a function: ``init(rng, layer)`` returns the
        kernel of a layer, drawn from a :class:`numpy.random.Generator`, in the shape
        ``layer.kernel_shape``. A :class:`skae.base.Layer` also knows its ``layer.fans``, fan-in and
        fan-out. Biases start at zero (those of an LSTM's forget gates at 1).

    tied_weights : bool
        Whether the decoder uses the transposed kernels of the encoder. Biases are never tied.

    whiten : bool
        Whether to make the codes uncorrelated with unit variance on the training samples, by a
        linear map that `inverse_transform` inverts.

    ordered : bool
        Whether codes are in order: the first k of them alone reconstruct X, too, for any k.
        Training then shows the decoder the first codes of a sample only, in a number that is drawn
        anew each time (nested dropout; Rippel, Gelbart and Adams, ICML 2014), and tells each of
        its dense layers of the cut. ``transform(X)[:, :k]`` can be passed to
        `inverse_transform`, `truncated` returns the autoencoder of the first codes, and
        `explained_variance_ratio_` tells what each of them adds. All codes together explain a
        little less than without an order; wider hidden layers, such as ``(256, 128)``, make up for
        much of it. Excludes `whiten`, recurrent networks, and codes of which only the largest are
        kept.

    alpha : float or 'auto'
        Strength of the L2 regularization. The loss gets the term ``alpha / 2`` times the sum of
        squared kernel entries, divided by the number of training samples (as in `MLPRegressor`).
        Linear paths are included, biases are not, and a tied kernel counts once. 'auto' is 0.02,
        and beside categories the mean over the columns of X of 0.02 for numbers and 1 for
        categories, as in `LogisticRegression`. With solver='adamw' `alpha` is the decoupled weight
        decay instead [3]_, and 'auto' is 0.02.

    solver : {'adam', 'adamw', 'sgd', 'rmsprop'}
        Optimizer of the weights.

    momentum : float
        Momentum of solver='sgd', in [0, 1).

    nesterovs_momentum : bool
        Whether solver='sgd' uses Nesterov's momentum.

    batch_size : int or 'auto'
        Number of samples in a batch; 'auto' is 64. The last batch of an epoch may be smaller.

    precision : {'float32', 'bfloat16'}
        Precision of matrix products in training. 'bfloat16' (mixed precision) rounds factors and
        products to 8 significant bits, which is faster for wide networks on processors with
        instructions for it (x86 with AVX512-BF16 or AMX, ARM with BF16). A warning says where it
        gains nothing. Sums, losses, updates and the weights themselves are float32 in any case;
        predictions have the dtype of X. For dense layers only, see :ref:`precision`.

    learning_rate : {'constant', 'adaptive', 'exponential', 'cosine'} or callable
        Schedule of the learning rate. 'adaptive' divides the rate by 5 whenever the monitored loss
        has stalled for `n_iter_no_change` epochs, and stops when the rate would fall below a
        hundredth of `learning_rate_init`. Over `max_iter` epochs, 'exponential' decays to a
        hundredth of `learning_rate_init` and 'cosine' to zero. A function takes the epoch, counted
        from 0 in each call of `fit` (and for each layer that is trained alone), and returns its
        learning rate, a number >= 0. It is called for all epochs before training, so that an
        invalid rate is an error at once.

    learning_rate_init : float
        Initial learning rate; not used if `learning_rate` is a function, which returns the rate
        itself.

    max_iter : int or 'auto'
        Maximum number of epochs. 'auto' is 200. With fewer than about 2,600 samples, where an
        epoch has few steps, it is the number of epochs that make 8,000 steps, or 16,000 where
        columns are scaled one by one (`column_scaling`). There the weights kept are then trained
        for 400 steps or two epochs more, on the validation samples too, see `early_stopping`.
        With `ordered`, 'auto' means twice as many epochs, because all codes together see half of
        the samples.

    shuffle : bool
        Whether to shuffle the samples in each epoch.

    tol : float
        The monitored loss has stalled when it has not fallen by more than `tol` for
        `n_iter_no_change` epochs.

    early_stopping : bool
        Whether to hold out a validation set, or to take the `X_val` of `fit`, and to monitor the
        validation loss. Otherwise, and for fewer than 8 samples without an `X_val`, the training
        loss is monitored. In both cases the best weights
        are kept. The initialization counts among them: with init='pca', training moves away from
        it only if the validation loss improves by more than its standard error (by the upper 95 %
        bound of the standard error, 1.3 times as much for 30 samples), and not on a few samples
        only (signed-rank test at 5 %). Where X has categories, any improvement is enough. Fewer
        than 15 validation samples, a quarter of 60, are not enough evidence: PCA is kept. To keep
        the validation set unseen, training starts from the principal axes of the training set; a
        PCA initialization that is kept is then computed from all samples. Where columns are scaled
        one by one (`column_scaling`) and `max_iter` is 'auto', other weights that are kept are at
        the end trained on all samples, the validation set included (not an `X_val`), at a tenth of
        the learning rate and falling to zero. No loss curve shows these steps. They are left out
        with `ordered` and with `warm_start`, which validate on the same samples later.

    validation_fraction : float
        Share of the samples held out as the validation set for early stopping. It has at least 30
        samples, or a quarter of all where that is less. For a dask collection it is at most
        128 MB.

    n_iter_no_change : int, np.inf or 'auto'
        Number of epochs without improvement after which training stops or the learning rate is
        reduced. 'auto' is 10. With fewer than about 2,600 samples it is the number of epochs that
        make 400 steps. With `ordered`, 'auto' means twice as many.
        Where columns are scaled one by one, see `column_scaling`, 'auto' goes on beyond that as
        long as the training loss falls and the validation loss is not significantly worse than its
        lowest: such a loss rests between leaps.

    warm_start : bool
        Whether `fit` continues from the weights of the last call, with the same center, scale and
        number of codes.

    random_state : int, RandomState instance or None
        Seed of the weights, the validation split, shuffling and noise. The same int gives the same
        weights, bit for bit, on one machine. None draws fresh entropy. Global random state is
        never read or set.

    verbose : bool or int
        Whether to print a line for each epoch, and a message when compiling takes long.

    checkpoint : path-like or None
        Directory in which `fit` stores its progress after each epoch. After an interruption, the
        next fit with the same parameters and the same X continues from the last epoch and ends
        with the same weights, bit for bit, as an uninterrupted fit; callbacks see the remaining
        epochs only. A fit that completes removes its files. Fits with other parameters, such as
        those of a search, may share the directory. So may equal fits, even at the same time. Equal
        fits with random_state=None that run at once may return the same weights."""

ATTRIBUTES = """\
network_ : Network
        Frozen description of the network: widths and activations.

    weights_ : tuple of ndarray
        All trained arrays, in the order of ``network_.shapes``. The attributes
        `encoder_coefs_` to `decoder_skip_` are views of them.

    encoder_coefs_, decoder_coefs_ : tuple of ndarray
        Kernels of the layers. The kernel of a dense layer has the shape (fan_in, fan_out).

    encoder_intercepts_, decoder_intercepts_ : tuple of ndarray
        Biases of the layers, each of shape (fan_out,).

    encoder_skip_ : ndarray of shape (n_features, n_components) or None
        Linear path of the encoder. All kernels act on ``(X - mean_) / scale_``, with
        standardize=False on X.

    decoder_skip_ : ndarray of shape (n_components, n_features) or None
        Linear path of the decoder.

    n_components_ : int
        Number of latent codes.

    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share of the variance that each code adds to what those before it explain, with
        ``ordered=True``. The running sum is the share explained with the first codes, of all
        samples passed to `fit`, or of about 10,000 evenly spaced ones where there are more (fewer
        with more than 32 codes). `explained_variance_` and `singular_values_` are those of `PCA`
        for these shares.

    validation_explained_variance_ratio_ : ndarray of shape (n_components,) or None
        The same on the validation set; None where the training loss was monitored.

    components_ : ndarray of shape (n_components_, n_features), float32
        Loadings: the mean derivative of the decoder by each code over the training samples, in
        units of X per unit of a code as `transform` returns it. They are PCA's for a network that
        is linear or has stayed PCA; with `whiten`, times the deviations of its codes. A feature of
        categories has a column for each category, the derivative of its probability. The mean is
        over all samples of the last call of `fit` or `partial_fit`, or about 10,000 evenly spaced
        ones. If more than two layers of the decoder are nonlinear, or there are categories, it is
        over one in `n_components_` of these, and at least 256. Defined only if all layers of the
        decoder are dense.

    mean_ : ndarray of shape (n_features,)
        Mean of each feature.

    scale_ : float, or ndarray of shape (n_features,)
        Square root of the mean variance of the features, or with `column_scaling` the standard
        deviation of each, and 1 for indicators of categories. Data that vary by less than 1e-38,
        or by less than about ten times the rounding error of their mean, count as constant. Their
        scale is 1, or that rounding error where it is larger.

    categories_ : list of ndarray or None
        Categories of each feature, None for a feature of numbers; None if all features are numbers.
        Otherwise `mean_`, `scale_` and the weights refer to a column for each number and for each
        category.

    whitening_ : Whitening or None
        Mean of the codes, the whitening map and its inverse.

    factor_model_ : FactorModel or None
        The linear model that missing values are filled by, a factor analysis with at most 20
        factors [4]_. None if no value was missing; `transform` then fills them with `mean_`.

    n_iter_ : int
        Number of epochs run.

    best_iter_ : int
        Epoch of the last call whose weights were kept; 0 means the initialization.

    loss_ : float
        Training loss of the last epoch.

    loss_curve_ : list of float
        Training loss of each epoch, penalties included. With `warm_start` each call appends to it.

    loss_parts_curve_ : dict of str to list of float
        The parts of `loss_curve_`, which add up to it: 'reconstruction', the penalty of the
        estimator ('sparsity', 'divergence', 'contraction') and 'l2'. An epoch whose loss did not
        have a part has NaN there.

    validation_loss_curve_ : list of float
        Validation loss after each epoch. It includes the penalties of the estimator, but not the
        L2 term; empty where the training loss was monitored. Center and scale come from all
        samples of X, a validation set held out of them included, and the best of many epochs is
        kept. The loss thus serves to compare epochs, and is slightly optimistic for new samples.

    validation_loss_parts_curve_ : dict of str to list of float
        The same parts of `validation_loss_curve_`, without 'l2'.

    best_validation_loss_ : float or None
        Validation loss of the weights kept; None where the training loss was monitored.

    reconstruction_err_ : float
        Mean squared error of the reconstruction in the units of X, over all entries of X, or over
        about 10,000 evenly spaced samples where X has more. With `scale_` of each feature, it is
        one minus the mean of `score_columns_`.

    score_columns_ : ndarray of shape (n_features_in_,) or None
        Share of the variance of each feature that the reconstruction of the same samples explains,
        see `score`; None with one `scale_` for all features.

    n_samples_seen_ : int or float
        Number of samples passed to `fit`, or to all calls of `partial_fit`, or the sum of their
    weights.

    n_features_in_ : int
        Number of features seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features; defined only if X has feature names that are all strings."""

REFERENCES = """\
.. [1] Al-Digeil et al., "PCA-Boosted Autoencoders for Nonlinear Dimensionality Reduction in Low
       Data Regimes", 2022.
    .. [2] He et al., "Delving Deep into Rectifiers", ICCV 2015.
    .. [3] Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    .. [4] Ilin and Raiko, "Practical Approaches to Principal Component Analysis in the Presence
       of Missing Values", Journal of Machine Learning Research 11, 2010."""
