// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Prices at expiry, each set once by the operator after its time has come.
contract ExpiryOracle {
    address public immutable operator;
    /// @notice expiry (seconds) → price of one underlying in USDC base units; 0 while not set.
    mapping(uint256 expiry => uint256 price) public priceAt;

    event ExpiryPriceSet(uint256 indexed expiry, uint256 price);

    error NotOperator(address account);
    error NotExpired(uint256 expiry);
    error AlreadySet(uint256 expiry);
    error ZeroPrice();

    constructor(address operator_) {
        operator = operator_;
    }

    /// @notice Says once and for all what the underlying was worth at `expiry`.
    function setExpiryPrice(uint256 expiry, uint256 price) external {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        if (block.timestamp < expiry) revert NotExpired(expiry);
        if (priceAt[expiry] != 0) revert AlreadySet(expiry);
        if (price == 0) revert ZeroPrice();
        priceAt[expiry] = price;
        emit ExpiryPriceSet(expiry, price);
    }
}
