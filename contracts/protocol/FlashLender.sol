// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, IERC3156FlashBorrower, IERC3156FlashLender} from "../base/Interfaces.sol";

/// @notice ERC-3156 flash loans of one token for 5 basis points. Not part of the protected protocol.
contract FlashLender is IERC3156FlashLender {
    bytes32 private constant CALLBACK_OK = keccak256("ERC3156FlashBorrower.onFlashLoan");

    IERC20 public immutable asset;

    error UnsupportedToken(address token);
    error CallbackFailed(address receiver);

    constructor(IERC20 asset_) {
        asset = asset_;
    }

    function maxFlashLoan(address token) external view returns (uint256) {
        return token == address(asset) ? asset.balanceOf(address(this)) : 0;
    }

    function flashFee(address token, uint256 amount) public view returns (uint256) {
        if (token != address(asset)) revert UnsupportedToken(token);
        return (amount * 5) / 10_000;
    }

    function flashLoan(IERC3156FlashBorrower receiver, address token, uint256 amount, bytes calldata data)
        external
        returns (bool)
    {
        uint256 fee = flashFee(token, amount);
        asset.transfer(address(receiver), amount);
        if (receiver.onFlashLoan(msg.sender, token, amount, fee, data) != CALLBACK_OK) {
            revert CallbackFailed(address(receiver));
        }
        asset.transferFrom(address(receiver), address(this), amount + fee);
        return true;
    }
}
