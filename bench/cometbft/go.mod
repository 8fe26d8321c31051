module rxmesh/bench/cometbft

go 1.23.5

require github.com/cometbft/cometbft v1.0.1
