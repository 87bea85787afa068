// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "./ERC20.sol";

/// @notice One option series as an ERC-20 (18 decimals); its vault mints and burns.
contract OptionToken is ERC20 {
    address public immutable vault;

    error NotVault(address account);

    constructor(string memory symbol_) ERC20("Cordon drill option", symbol_, 18) {
        vault = msg.sender;
    }

    modifier onlyVault() {
        if (msg.sender != vault) revert NotVault(msg.sender);
        _;
    }

    function mint(address to, uint256 amount) external onlyVault {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external onlyVault {
        _burn(from, amount);
    }
}
