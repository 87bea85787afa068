// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "./ERC20.sol";

/// @notice A token whose deployer mints at will.
contract TestToken is ERC20 {
    address public immutable minter;

    error NotMinter(address account);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_, decimals_) {
        minter = msg.sender;
    }

    /// @notice Mints `amount` base units to each of `to`.
    function mint(address[] calldata to, uint256 amount) external {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        for (uint256 i = 0; i < to.length; i++) _mint(to[i], amount);
    }
}
