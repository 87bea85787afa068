// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the lock of the ERC-7265 draft's circuit breaker, written anew. Amounts are counters.

contract LeverErc7265 {
    address public admin;
    bool public isOperational = true;
    uint256 public inside = 1_000;

    constructor(address to) {
        admin = to;
    }

    modifier onlyAdmin() {
        require(msg.sender == admin, "NotAdmin");
        _;
    }

    modifier onlyOperational() {
        require(isOperational, "ProtocolWasExploited");
        _;
    }

    function markAsNotOperational() external onlyAdmin {
        isOperational = false;
    }

    function migrateFundsAfterExploit(address[] calldata, address) external onlyAdmin {
        require(!isOperational, "NotExploited");
        inside = 0;
    }

    function onTokenInflow(address, uint256 amount) external onlyOperational {
        inside += amount;
    }

    function onTokenOutflow(address, uint256 amount, address, bool) external onlyOperational {
        inside -= amount;
    }
}
