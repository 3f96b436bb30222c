"""The prior over the codes of loops: the LSTM of Han et al. 2022."""
