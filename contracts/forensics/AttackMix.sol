// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pausable} from "../base/Pausable.sol";

/// @notice A reserve without the flaw: the book is written before the saver is called.
contract HonestReserve is Pausable {
    mapping(address saver => uint256 amount) public balanceOf;

    error TooMuch(uint256 asked, uint256 allowed);
    error PaymentFailed(address saver);

    constructor(address guardian_) Pausable(guardian_) {}

    function deposit() external payable whenNotPaused {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external whenNotPaused {
        uint256 own = balanceOf[msg.sender];
        if (amount > own) revert TooMuch(amount, own);
        balanceOf[msg.sender] = own - amount;
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed(msg.sender);
    }
}

interface ISavings {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}

/// @notice Takes its own savings out in calls inside calls; or has savings and nothing else.
contract Nester {
    ISavings public immutable reserve;
    uint256 private left;
    uint256 private slice;

    constructor(ISavings reserve_) {
        reserve = reserve_;
    }

    function put() external payable {
        reserve.deposit{value: msg.value}();
    }

    function take(uint256 slice_, uint256 times) external {
        slice = slice_;
        left = times - 1;
        reserve.withdraw(slice_);
    }

    receive() external payable {
        if (left == 0) return;
        left--;
        reserve.withdraw(slice);
    }
}

/// @notice Says of any contract that an operation was queued there, which it was not.
contract Forger {
    event CallScheduled(
        bytes32 indexed id,
        uint256 indexed index,
        address target,
        uint256 value,
        bytes data,
        bytes32 predecessor,
        uint256 delay
    );

    function forge(address attack, bytes calldata data, address target) external {
        emit CallScheduled(keccak256(data), 0, target, 0, hex"3f4ba83a", bytes32(0), 1 days);
        (bool done,) = attack.call(data);
        if (!done) revert();
    }
}
