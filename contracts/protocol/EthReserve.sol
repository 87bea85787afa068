// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pausable} from "../base/Pausable.sol";

/// @notice The lending market's reserve in native ETH: savers pay in and take out.
/// @dev Paused: deposit and withdraw are blocked; there is nothing else to do here.
contract EthReserve is Pausable {
    /// @notice saver → wei
    mapping(address saver => uint256 amount) public balanceOf;

    event Deposited(address indexed saver, uint256 amount);
    event Withdrawn(address indexed saver, uint256 amount);

    error TooMuch(uint256 asked, uint256 allowed);
    error PaymentFailed(address saver);

    constructor(address guardian_) Pausable(guardian_) {}

    /// @notice Saves the ETH sent along.
    function deposit() external payable whenNotPaused {
        balanceOf[msg.sender] += msg.value;
        emit Deposited(msg.sender, msg.value);
    }

    /// @notice Takes `amount` wei out.
    /// @dev FLAW, after The DAO (June 2016; SWC-107): the saver is called before the book is written, so it can
    /// come back in and withdraw the same balance again.
    function withdraw(uint256 amount) external whenNotPaused {
        uint256 own = balanceOf[msg.sender];
        if (amount > own) revert TooMuch(amount, own);
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed(msg.sender);
        balanceOf[msg.sender] = own - amount;
        emit Withdrawn(msg.sender, amount);
    }
}
