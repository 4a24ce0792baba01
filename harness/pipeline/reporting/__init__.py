"""What reports tell: the numbers of stored runs, and the samples behind them."""
